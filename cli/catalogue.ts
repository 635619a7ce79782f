import type { Command } from './command.ts'
import { backupDrill } from './commands/backup-drill.ts'
import { backupList } from './commands/backup-list.ts'
import { backupNow } from './commands/backup-now.ts'
import { backupRestore } from './commands/backup-restore.ts'
import { backupVerify } from './commands/backup-verify.ts'
import { check } from './commands/check.ts'
import { demo } from './commands/demo.ts'
import { failover } from './commands/failover.ts'
import { firstLink } from './commands/first-link.ts'
import { help } from './commands/help.ts'
import { hostAccept, hostList, hostReport, hostRetire, stores } from './commands/host.ts'
import { keysList, keysRotate, keysStatus } from './commands/keys.ts'
import { keysEscrow } from './commands/keys-escrow.ts'
import { keysRestore } from './commands/keys-restore.ts'
import { keysRoot } from './commands/keys-root.ts'
import { keysRotateRoot } from './commands/keys-rotate-root.ts'
import { ledgerHead } from './commands/ledger-head.ts'
import { ledgerVerify } from './commands/ledger-verify.ts'
import { oauthKeysRotate } from './commands/oauth-keys-rotate.ts'
import { pepperRotate } from './commands/pepper-rotate.ts'
import { outbox } from './commands/outbox.ts'
import { policyDiff } from './commands/policy-diff.ts'
import { policyExplain } from './commands/policy-explain.ts'
import { policyLint } from './commands/policy-lint.ts'
import { policyList } from './commands/policy-list.ts'
import { policyPublish } from './commands/policy-publish.ts'
import { policyShow } from './commands/policy-show.ts'
import { rules } from './commands/rules.ts'
import { rulesUpdate } from './commands/rules-update.ts'
import { secretList, secretRemove, secretRotate, secretSet } from './commands/secret.ts'
import { selfTest } from './commands/self-test.ts'
import { status } from './commands/status.ts'
import { wafReplay } from './commands/waf-replay.ts'

/** Every command, in the order that help shows them. */
export const commands: readonly Command[] = [
  status,
  policyList,
  policyShow,
  policyExplain,
  policyDiff,
  policyPublish,
  policyLint,
  check,
  selfTest,
  ledgerHead,
  ledgerVerify,
  rules,
  rulesUpdate,
  wafReplay,
  backupList,
  backupNow,
  backupVerify,
  backupRestore,
  backupDrill,
  failover,
  firstLink,
  pepperRotate,
  oauthKeysRotate,
  keysRoot,
  keysRotateRoot,
  keysList,
  keysRotate,
  keysStatus,
  keysEscrow,
  keysRestore,
  stores,
  hostReport,
  hostAccept,
  hostList,
  hostRetire,
  secretList,
  secretSet,
  secretRotate,
  secretRemove,
  outbox,
  demo,
  help,
]
