import { z } from '../../kernel/schema.ts'

const PASSWORD_BYTES_MAX = 1024

/** A password as it is typed or pasted, as far as anybody would; what it must be like is the policy's matter. */
export const passwordSchema = z
  .string()
  .min(1)
  .max(PASSWORD_BYTES_MAX)
  .refine((text) => Buffer.byteLength(text) <= PASSWORD_BYTES_MAX)
/** A time-based or a recovery code as it is typed. */
export const codeSchema = z.string().min(6).max(40)
/** A time-based code as it is typed. */
export const totpSchema = z.string().regex(/^\d{6}$/)
/** The name of a person or a workspace: one line, in which nothing turns the direction, since letters to others hold it. */
export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u)
/** What a factor is called by its owner. */
export const labelSchema = z.string().trim().min(1).max(60)
