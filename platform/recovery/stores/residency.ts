/** Where backups may lie: countries (`DE`) and names of regions (`eu-central`); empty: anywhere. */
export type Residency = readonly string[]

/** What residency asks of a store. */
interface Placed {
  readonly region: string
  readonly country: string | null
}

/** Why a store lies where backups may not, or null. Policy 6.1-c. */
export function residencyFault(allowed: Residency, { region, country }: Placed): string | null {
  if (allowed.length === 0 || allowed.includes(region)) return null
  if (country === null)
    return `the country of ${region} is not known, and backups stay in ${allowed.join(', ')}`
  return allowed.includes(country)
    ? null
    : `${region} lies in ${country}, and backups stay in ${allowed.join(', ')}`
}
