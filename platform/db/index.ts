/** The platform's database: connections, typed tables, and news that other processes send. */
export { databaseAnswers, openDatabase, type Database, type Transaction } from './database.ts'
export { keptPlan } from './kept-plan.ts'
export { compiledOnce } from './compiled-once.ts'
export { undone } from './undone.ts'
export { asTenant, enterTenant, leaveTenant } from './tenant.ts'
export { listenFor, notify, type Channel } from './notices.ts'
export { openNoticeBoard, type NoticeBoard, type NoticeReader } from './notice-board.ts'
export type { DB as Tables } from './types.ts'
