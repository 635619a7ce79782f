import { z } from '../../kernel/schema.ts'

/** The one form in which an e-mail address is compared: NFKC, lower case, no space around it. */
function normaliseEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase()
}

/** An e-mail address as a person types it, in its one form. */
export const emailSchema = z.string().max(320).transform(normaliseEmail).pipe(z.email())
