import { setTimeout as pause } from 'node:timers/promises'

/** What is behind these commands in the sample, with no shell anywhere. */
const SAYS: Readonly<Record<string, string>> = {
  env: 'PATH=/usr/local/bin:/usr/bin:/bin\nPWD=/srv\nHOME=/srv\nHOSTNAME=sample\n',
  set: 'PATH=/usr/local/bin:/usr/bin:/bin\nPWD=/srv\n',
  id: 'uid=33(sample) gid=33(sample) groups=33(sample)\n',
  whoami: 'sample\n',
}
const SLEEP_SECONDS_MAX = 15

/**
 * What `echo VALUE` would print in a shell that takes the value as it is. The commands behind a separator or in a
 * substitution are told apart as a shell does, quotes included, and the few that tools try are played; nothing is run.
 */
export async function playShell(value: string): Promise<string> {
  const [first = '', ...more] = commandsOf(value)
  let output = `${first}\n`
  for (const command of more) {
    const [program = '', ...words] = command.trim().split(/\s+/)
    const name = program.replace(/^.*\//, '')
    if (name === 'sleep') await pause(Math.min(Number(words[0]) || 0, SLEEP_SECONDS_MAX) * 1000)
    else if (name === 'echo') output += `${words.join(' ')}\n`
    else output += SAYS[name] ?? ''
  }
  return output
}

/** Parts of a line that a shell would run as commands of their own; what single quotes enclose is text. */
function commandsOf(line: string): string[] {
  const parts: string[] = ['']
  const add = (text: string): void => {
    parts.push((parts.pop() ?? '') + text)
  }
  for (const [token] of line.matchAll(/'[^']*'|\\.|\$\(|[;&|`\n()]|[^'\\$;&|`\n()]+|./gs)) {
    if (/^(?:\$\(|[;&|`\n()])$/.test(token)) parts.push('')
    else add(token.startsWith("'") && token.length > 1 ? token.slice(1, -1) : token)
  }
  return parts.filter((part, at) => at === 0 || part.trim() !== '')
}
