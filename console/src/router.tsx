import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type ErrorComponentProps,
} from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { parseConversationFilter } from './inbox/conversation-filter.ts'
import { parseEventFilter } from './audit/event-filter.ts'
import { parseBlockSearch } from './gateway/block-list-search.ts'
import { parseExclusionSearch } from './gateway/exclusion-search.ts'
import { parseRefusedFilter } from './gateway/refused-filter.ts'
import { parseUseSearch } from './keyring/use-filter.ts'
import { endsSession, meQuery } from './queries.ts'
import { safeReturn } from './session-end.ts'
import { Frame } from './shell/frame.tsx'
import { NothingHere } from './shell/nothing-here.tsx'
import { ProblemNotice } from './ui/notice.tsx'
import { Loading, PageBody } from './ui/page.tsx'

interface Context {
  readonly queries: QueryClient
}

const root = createRootRouteWithContext<Context>()({ component: Outlet })

/** What the sign-in page is told: where to return to, and whether a session ended. */
export interface SignInSearch {
  readonly return?: string
  readonly ended?: boolean
  /** The workspace whose identity provider may be used. */
  readonly workspace?: string
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): SignInSearch => {
    const back = safeReturn(search['return'])
    return {
      ...(back === undefined ? {} : { return: back }),
      ...(search['ended'] === true ? { ended: true } : {}),
      ...(typeof search['workspace'] === 'string' ? { workspace: search['workspace'] } : {}),
    }
  },
  component: lazyRouteComponent(() => import('./access/sign-in-page.tsx'), 'SignInPage'),
})

const welcome = createRoute({
  getParentRoute: () => root,
  path: '/welcome',
  component: lazyRouteComponent(() => import('./access/welcome-page.tsx'), 'WelcomePage'),
})

const recover = createRoute({
  getParentRoute: () => root,
  path: '/recover',
  component: lazyRouteComponent(() => import('./access/recover-page.tsx'), 'RecoverPage'),
})

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    const me = await context.queries.ensureQueryData(meQuery).catch((error: unknown) => {
      if (!endsSession(error)) throw error
      return null
    })
    if (me?.level === 'full') return { me }
    const back = safeReturn(location.href)
    // Not through the history: going back from sign-in must not lead into a page that needs it.
    throw redirect({
      to: '/sign-in',
      search: back === undefined || back === '/' ? {} : { return: back },
      replace: true,
    })
  },
  component: Frame,
})

const home = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  beforeLoad: ({ context }) => {
    throw redirect({
      to: context.me.permissions.includes('conversation.read') ? '/inbox' : '/policy',
      replace: true,
    })
  },
})

const inbox = createRoute({
  getParentRoute: () => signedIn,
  path: '/inbox',
  validateSearch: parseConversationFilter,
  component: lazyRouteComponent(() => import('./inbox/inbox-page.tsx'), 'InboxPage'),
})

const conversation = createRoute({
  getParentRoute: () => inbox,
  path: '$id',
  component: lazyRouteComponent(() => import('./inbox/conversation-pane.tsx'), 'ConversationPane'),
})

const channels = createRoute({
  getParentRoute: () => signedIn,
  path: '/channels',
  component: lazyRouteComponent(() => import('./inbox/channels-page.tsx'), 'ChannelsPage'),
})

const replies = createRoute({
  getParentRoute: () => signedIn,
  path: '/replies',
  component: lazyRouteComponent(() => import('./inbox/replies-page.tsx'), 'RepliesPage'),
})

const policy = createRoute({
  getParentRoute: () => signedIn,
  path: '/policy',
  component: lazyRouteComponent(() => import('./policy/policy-page.tsx'), 'PolicyPage'),
})

const chapter = createRoute({
  getParentRoute: () => signedIn,
  path: '/policy/chapter/$id',
  component: lazyRouteComponent(() => import('./policy/chapter-page.tsx'), 'ChapterPage'),
})

const clause = createRoute({
  getParentRoute: () => signedIn,
  path: '/policy/clause/$id',
  component: lazyRouteComponent(() => import('./policy/clause-page.tsx'), 'ClausePage'),
})

const versions = createRoute({
  getParentRoute: () => signedIn,
  path: '/policy/versions',
  component: lazyRouteComponent(() => import('./policy/versions-page.tsx'), 'VersionsPage'),
})

const findings = createRoute({
  getParentRoute: () => signedIn,
  path: '/policy/findings',
  component: lazyRouteComponent(() => import('./policy/findings-page.tsx'), 'FindingsPage'),
})

const people = createRoute({
  getParentRoute: () => signedIn,
  path: '/people',
  component: lazyRouteComponent(() => import('./people/people-page.tsx'), 'PeoplePage'),
})

const apiKeys = createRoute({
  getParentRoute: () => signedIn,
  path: '/api-keys',
  component: lazyRouteComponent(() => import('./people/api-keys-page.tsx'), 'ApiKeysPage'),
})

const roles = createRoute({
  getParentRoute: () => signedIn,
  path: '/roles',
  component: lazyRouteComponent(() => import('./roles/roles-page.tsx'), 'RolesPage'),
})

const reviews = createRoute({
  getParentRoute: () => signedIn,
  path: '/reviews',
  component: lazyRouteComponent(() => import('./reviews/reviews-page.tsx'), 'ReviewsPage'),
})

const review = createRoute({
  getParentRoute: () => signedIn,
  path: '/reviews/$id',
  component: lazyRouteComponent(() => import('./reviews/review-page.tsx'), 'ReviewPage'),
})

const provisioning = createRoute({
  getParentRoute: () => signedIn,
  path: '/provisioning',
  component: lazyRouteComponent(() => import('./provisioning/provisioning-page.tsx'), 'ProvisioningPage'),
})

const programs = createRoute({
  getParentRoute: () => signedIn,
  path: '/programs',
  component: lazyRouteComponent(() => import('./clients/programs-page.tsx'), 'ProgramsPage'),
})

const elevations = createRoute({
  getParentRoute: () => signedIn,
  path: '/elevations',
  component: lazyRouteComponent(() => import('./elevation/elevations-page.tsx'), 'ElevationsPage'),
})

const resets = createRoute({
  getParentRoute: () => signedIn,
  path: '/resets',
  component: lazyRouteComponent(() => import('./resets/resets-page.tsx'), 'ResetsPage'),
})

const audit = createRoute({
  getParentRoute: () => signedIn,
  path: '/audit',
  validateSearch: parseEventFilter,
  component: lazyRouteComponent(() => import('./audit/audit-page.tsx'), 'AuditPage'),
})

const traffic = createRoute({
  getParentRoute: () => signedIn,
  path: '/traffic',
  component: lazyRouteComponent(() => import('./gateway/traffic-page.tsx'), 'TrafficPage'),
})

const refused = createRoute({
  getParentRoute: () => signedIn,
  path: '/traffic/refused',
  validateSearch: parseRefusedFilter,
  component: lazyRouteComponent(() => import('./gateway/refused-page.tsx'), 'RefusedPage'),
})

const refusal = createRoute({
  getParentRoute: () => signedIn,
  path: '/traffic/refused/$requestId',
  component: lazyRouteComponent(() => import('./gateway/refusal-page.tsx'), 'RefusalPage'),
})

const exclusions = createRoute({
  getParentRoute: () => signedIn,
  path: '/traffic/exclusions',
  validateSearch: parseExclusionSearch,
  component: lazyRouteComponent(() => import('./gateway/exclusions-page.tsx'), 'ExclusionsPage'),
})

const limits = createRoute({
  getParentRoute: () => signedIn,
  path: '/traffic/limits',
  component: lazyRouteComponent(() => import('./gateway/limits-page.tsx'), 'LimitsPage'),
})

const blockList = createRoute({
  getParentRoute: () => signedIn,
  path: '/traffic/block-list',
  validateSearch: parseBlockSearch,
  component: lazyRouteComponent(() => import('./gateway/block-list-page.tsx'), 'BlockListPage'),
})

const keys = createRoute({
  getParentRoute: () => signedIn,
  path: '/recovery/keys',
  component: lazyRouteComponent(() => import('./keyring/keys-page.tsx'), 'KeysPage'),
})

const keyUses = createRoute({
  getParentRoute: () => signedIn,
  path: '/recovery/keys/uses',
  validateSearch: parseUseSearch,
  component: lazyRouteComponent(() => import('./keyring/uses-page.tsx'), 'KeyUsesPage'),
})

const backups = createRoute({
  getParentRoute: () => signedIn,
  path: '/recovery',
  component: lazyRouteComponent(() => import('./recovery/backups-page.tsx'), 'BackupsPage'),
})

const restores = createRoute({
  getParentRoute: () => signedIn,
  path: '/recovery/restores',
  component: lazyRouteComponent(() => import('./recovery/restores-page.tsx'), 'RestoresPage'),
})

const drills = createRoute({
  getParentRoute: () => signedIn,
  path: '/recovery/drills',
  component: lazyRouteComponent(() => import('./recovery/drills-page.tsx'), 'DrillsPage'),
})

const retention = createRoute({
  getParentRoute: () => signedIn,
  path: '/recovery/retention',
  component: lazyRouteComponent(() => import('./recovery/retention-page.tsx'), 'RetentionPage'),
})

const account = createRoute({
  getParentRoute: () => signedIn,
  path: '/account',
  component: lazyRouteComponent(() => import('./access/account-page.tsx'), 'AccountPage'),
})

const elsewhere = createRoute({ getParentRoute: () => signedIn, path: '$', component: NothingHere })

const tree = root.addChildren([
  signIn,
  welcome,
  recover,
  signedIn.addChildren([
    home,
    inbox.addChildren([conversation]),
    channels,
    replies,
    policy,
    chapter,
    clause,
    versions,
    findings,
    people,
    apiKeys,
    roles,
    reviews,
    review,
    provisioning,
    programs,
    elevations,
    resets,
    audit,
    traffic,
    refused,
    refusal,
    exclusions,
    limits,
    blockList,
    backups,
    restores,
    drills,
    retention,
    keys,
    keyUses,
    account,
    elsewhere,
  ]),
])

function Failed({ error, reset }: ErrorComponentProps): ReactNode {
  return (
    <PageBody narrow>
      <ProblemNotice error={error} retry={reset} />
    </PageBody>
  )
}

/** The console's pages below `/console`. */
export function openRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: '/console',
    context: { queries },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultErrorComponent: Failed,
    defaultNotFoundComponent: NothingHere,
    defaultPendingComponent: () => <Loading what="the page" />,
  })
}

/** The router of the console. */
export type AppRouter = ReturnType<typeof openRouter>

declare module '@tanstack/react-router' {
  interface Register {
    router: AppRouter
  }
}
