/** The retention as days: which backups each day holds, and whether the log between them has a gap. */
export { calendarRoutes } from './routes.ts'
