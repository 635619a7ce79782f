/** The reader of SecLang: turns files of rules into a `Program`, or refuses them with file and line. */
export { readProgram } from './program.ts'
export type { ListFiles } from './include.ts'
export { listOnDisk, readFromDisk, ruleFile } from './disk.ts'
export { readTarget, readTargets, targetText } from './target.ts'
export { directives, type Standing } from './directives.ts'
export { effectText, ruleText } from './print.ts'
export { operatorText } from './operator-use.ts'
export { readTemplate, templateText } from './template.ts'
