/// How two ends show each other that they have the same token without saying it: each answers the
/// other's random challenge with HMAC-SHA-256 (RFC 2104) under the token.
#ifndef THRONG_DEAL_TOKEN_H
#define THRONG_DEAL_TOKEN_H

#include "deal/deal.h"

enum { TOKEN_CHALLENGE = 32, TOKEN_PROOF = 32 };

/// Errors: IO (the system has no random numbers).
throng_status token_challenge(uint8_t out[TOKEN_CHALLENGE]);
/// The proof of `role` ("owner", "worker"), so that neither end's can be played back by the other.
/// Errors: MEMORY.
throng_status token_proof(const deal_token *token, const char *role,
                          const uint8_t owner[TOKEN_CHALLENGE],
                          const uint8_t worker[TOKEN_CHALLENGE], uint8_t out[TOKEN_PROOF]);
/// In time that does not depend on where they differ.
bool token_proof_equal(const uint8_t a[TOKEN_PROOF], const uint8_t b[TOKEN_PROOF]);

#endif
