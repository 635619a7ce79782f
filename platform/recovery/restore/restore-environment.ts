/**
 * What a restore of the running system is started with: nothing is sent from one, and it does not reach the live
 * database; a drill looks into the keyring. The values stand over those of the settings' file. Policy 6.2-c.
 */
export function restoreEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...environment,
    SMTP_URL: '',
    SMS_PROVIDER: 'console',
    TWILIO_AUTH_TOKEN: '',
    RATE_STORE_URL: '',
    SURETY_ACME_BINDING: '',
    DATABASE_URL: '',
    BACKUP_DATABASE_URL: '',
  }
}
