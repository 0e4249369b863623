/// The tests' server as a program, for tests that are scripts: prints the address to ask, answers
/// every request for a chat with two reasons, and ends when its standard input does.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/server.h"

static void serve(void *context, const server_request *request, server_reply *reply) {
  (void)context;
  reply_chat(reply, request,
             "{\"like\":[{\"reason\":\"r\",\"evidence\":\"warm sound\",\"keywords\":[\"warm "
             "sound\"]}],\"dislike\":[{\"reason\":\"r\",\"evidence\":\"dull cover\",\"keywords\":["
             "\"dull cover\"]}]}",
             "stop");
}

int main(void) {
  http_server *server = http_server_start(serve, NULL);
  if (!server) return 1;
  printf("%s\n", http_server_url(server));
  fflush(stdout);
  char block[256];
  while (read(STDIN_FILENO, block, sizeof block) > 0) continue;
  http_server_stop(server);
  return 0;
}
