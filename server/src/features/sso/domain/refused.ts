import { Unauthenticated } from '../../../kernel/errors.ts'

/** A SAML answer that opens nothing. The reason helps whoever sets up the identity provider and tells nobody a secret. */
export class SamlRefused extends Unauthenticated {
  constructor(reason: string) {
    super(`the SAML response was refused: ${reason}`)
  }
}
