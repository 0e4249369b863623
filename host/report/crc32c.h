/// CRC-32C (Castagnoli, RFC 3720 B.4), as TensorBoard's record files ask for it. zlib has only the
/// other polynomial. Records are small, so a table of 16 entries is fast enough.
#ifndef THRONG_REPORT_CRC32C_H
#define THRONG_REPORT_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t size);
/// Rotated and shifted, so that a file of checksums does not checksum to a constant.
uint32_t crc32c_masked(const void *data, size_t size);

#endif
