import { normalForms } from '#envelope'
import { z } from '../../kernel/schema.ts'

/** Characters before the @, and in all (RFC 5321 §4.5.3.1): no letter goes to a longer address. */
const LOCAL_CHARACTERS_MAX = 64
const ADDRESS_CHARACTERS_MAX = 254

/** An e-mail address as a person types it, in its one form. */
export const emailSchema = z
  .string()
  .max(320)
  .refine((email) => email.isWellFormed())
  .transform(normalForms.email)
  .pipe(
    z
      .email()
      .max(ADDRESS_CHARACTERS_MAX)
      .refine((address) => address.indexOf('@') <= LOCAL_CHARACTERS_MAX),
  )
