import { Menu } from '@base-ui/react/menu'
import { hashKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, type ReactNode } from 'react'
import { call } from '../api.ts'
import { meQuery } from '../queries.ts'
import { useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Icon, Spinner } from '../ui/icons.tsx'
import { Badge } from '../ui/page.tsx'

/** The workspace a person acts in, and the way to their others. Sample data says so at all times. */
export function WorkspaceSwitcher(): ReactNode {
  const me = useMe()
  const present = me.workspaces.find(({ id }) => id === me.workspace)
  // The list opens inside its own part of the page, so that it belongs to the same landmark.
  const place = useRef<HTMLDivElement>(null)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const choose = useMutation({
    mutationFn: (workspaceId: string) =>
      call('POST /api/access/workspace', { body: { workspace: workspaceId } }),
    onSuccess: async (_, workspaceId) => {
      announce(`Workspace: ${me.workspaces.find(({ id }) => id === workspaceId)?.name ?? 'changed'}`)
      await navigate({ to: '/' })
      // Nothing of the one workspace may be seen in the other; who is signed in stays known until it is read anew.
      await Promise.all([
        queries.resetQueries({ predicate: ({ queryHash }) => queryHash !== hashKey(meQuery.queryKey) }),
        queries.refetchQueries({ queryKey: meQuery.queryKey, exact: true }),
      ])
    },
  })
  return (
    <div ref={place} className="flex flex-col gap-1">
      <Menu.Root>
        <Menu.Trigger className="tap flex w-full items-center gap-2 rounded-small px-2 text-left hover:bg-sunk">
          <span className="min-w-0 flex-1 truncate font-strong">
            <span className="sr-only">Workspace: </span>
            {present?.name ?? 'none chosen'}
          </span>
          {present?.sample === true && <Badge tone="late">sample</Badge>}
          {choose.isPending ? <Spinner /> : <Icon name="down" className="size-4 text-muted" />}
        </Menu.Trigger>
        <Menu.Portal container={place}>
          <Menu.Positioner sideOffset={4} align="start" className="z-50">
            <Menu.Popup className="min-w-56 rounded-large border border-line bg-panel p-1 text-ink shadow-lg">
              <Menu.RadioGroup
                value={me.workspace ?? ''}
                onValueChange={(id: string) => {
                  choose.mutate(id)
                }}
              >
                {me.workspaces.map((workspace) => (
                  <Menu.RadioItem
                    key={workspace.id}
                    value={workspace.id}
                    closeOnClick
                    className="tap flex cursor-pointer items-center gap-2 rounded-small px-2 data-highlighted:bg-sunk"
                  >
                    <span className="flex-1">
                      {workspace.name} <span className="text-sm text-muted">{workspace.role}</span>
                    </span>
                    {workspace.sample && <Badge tone="late">sample</Badge>}
                    <Menu.RadioItemIndicator>
                      <Icon name="check" className="size-4" />
                    </Menu.RadioItemIndicator>
                  </Menu.RadioItem>
                ))}
              </Menu.RadioGroup>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {choose.isError && (
        <p role="alert" className="px-2 text-sm text-bad">
          The workspace was not changed: {choose.error.message}
        </p>
      )}
    </div>
  )
}
