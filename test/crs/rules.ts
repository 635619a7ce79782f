import { loadRules, type RuleSet } from '#waf'
import { readRuleFolder } from '../../platform/gateway/firewall/rule-folder.ts'
import { loadRuleSet } from '../../platform/gateway/firewall/rule-program.ts'

/** The values that the cases were written for; the names of version 3 beside those of version 4. */
export const VARIABLES = {
  blocking_paranoia_level: '4',
  detection_paranoia_level: '4',
  paranoia_level: '4',
  executing_paranoia_level: '4',
  crs_validate_utf8_encoding: '1',
  arg_length: '400',
  total_arg_length: '6400',
  max_file_size: '64100',
  combined_file_sizes: '65535',
  arg_name_length: '100',
  max_num_args: '255',
}

/** Version 3.3 asks where an address is and whether it is on a list; nobody knows any address of the cases. */
const NOBODY_KNOWN = { geo: () => null, listed: () => false }

/** Loads a Core Rule Set as the product does, to detect only, with every rule of it active. */
export async function loadCases(folder: string): Promise<RuleSet> {
  const { files } = await readRuleFolder(folder)
  return loadRuleSet((texts, readFile) => loadRules(texts, { readFile, ...NOBODY_KNOWN }), files).variant({
    mode: 'detect',
    variables: VARIABLES,
  })
}
