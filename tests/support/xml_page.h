/// Pages as a parser of XML sees them: nodes by XPath, with h: for the page's namespace.
#ifndef THRONG_TESTS_SUPPORT_XML_PAGE_H
#define THRONG_TESTS_SUPPORT_XML_PAGE_H

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "throng_test.h"

/// NULL, and a failed test, where the page is not well-formed XML.
static inline xmlDoc *read_page(const char *path) {
  xmlDoc *doc = xmlReadFile(path, "UTF-8", XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_HUGE);
  EXPECT_TRUE(doc != NULL);
  return doc;
}

static inline xmlXPathObject *find(xmlDoc *doc, const char *path) {
  xmlXPathContext *context = xmlXPathNewContext(doc);
  xmlXPathRegisterNs(context, BAD_CAST "h", BAD_CAST "http://www.w3.org/1999/xhtml");
  xmlXPathObject *found = xmlXPathEvalExpression(BAD_CAST path, context);
  xmlXPathFreeContext(context);
  return found;
}

static inline int count(xmlDoc *doc, const char *path) {
  xmlXPathObject *found = find(doc, path);
  const int n = found && found->nodesetval ? found->nodesetval->nodeNr : 0;
  xmlXPathFreeObject(found);
  return n;
}

/// The text of the first node, in a buffer of its own; "" where there is none.
static inline const char *text_at(xmlDoc *doc, const char *path) {
  static char text[4][1024];
  static int turn;
  char *out = text[turn++ % 4];
  out[0] = 0;
  xmlXPathObject *found = find(doc, path);
  if (found && found->nodesetval && found->nodesetval->nodeNr) {
    xmlChar *content = xmlNodeGetContent(found->nodesetval->nodeTab[0]);
    snprintf(out, 1024, "%s", (char *)content);
    xmlFree(content);
  }
  xmlXPathFreeObject(found);
  return out;
}

#endif
