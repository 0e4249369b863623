/// HTML in review and item texts turned into plain text: entities resolved once, tags taken out.
/// Not an HTML parser; it never fails on bad HTML, it leaves what it does not know as it is.
#ifndef THRONG_DATA_ENTITIES_H
#define THRONG_DATA_ENTITIES_H

#include "data/byte_buffer.h"

/// Append `text` as plain text in valid UTF-8. Entities (named as in HTML 4, &apos;, decimal,
/// hexadecimal; with their semicolon) are resolved once, so that "&amp;lt;" becomes "&lt;". Tags
/// go, scripts, styles and comments with their contents; block tags and <br> become a line end.
/// "<3" stays. Invalid bytes and characters that no text holds become U+FFFD, control characters
/// spaces.
throng_status text_clean(byte_buffer *out, const char *text, size_t length);
/// The same for names: one line, single spaces, none at the ends.
throng_status text_clean_line(byte_buffer *out, const char *text, size_t length);

#endif
