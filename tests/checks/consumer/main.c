/// The least program that links an installed throng: prints its version. Valid C and C++.
#include <stdio.h>
#include <throng/throng.h>

int main(void) {
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend = NULL;
  def.name = "cpu";
  if (throng_backend_open(&def, &backend) != THRONG_OK) {
    fprintf(stderr, "%s\n", throng_error_message());
    return 1;
  }
  throng_backend_close(backend);
  return puts(throng_version()) < 0;
}
