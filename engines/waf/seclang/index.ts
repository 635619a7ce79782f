/** The reader of SecLang: turns files of rules into a `Program`, or refuses them with file and line. */
export { readProgram } from './program.ts'
export type { ListFiles } from './include.ts'
export { listOnDisk, readFromDisk, ruleFile } from './disk.ts'
export { readTarget, targetText } from './target.ts'
export { operatorText } from './operator-use.ts'
export { templateText } from './template.ts'
