import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Channel, SecretName } from '../contract/inbox.ts'
import { useMay } from '../session.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Notice } from '../ui/notice.tsx'
import { Badge, Empty, PageBody, PageHead, Panel } from '../ui/page.tsx'
import { ChannelSwitch } from './channel-switch.tsx'
import { CHANNEL_KINDS, channelsQuery } from './channels.ts'
import { ChannelSecrets } from './channel-secrets.tsx'
import { NewChannel } from './new-channel.tsx'

/** How each secret is called where a provider shows it. */
export const SECRET_WORDS: Readonly<Record<SecretName, string>> = {
  app_secret: 'App secret',
  verify_token: 'Verify token',
  access_token: 'Access token',
}

/** The ways that messages come and go. */
export function ChannelsPage(): ReactNode {
  const may = useMay('channel.edit')
  const channels = useQuery(channelsQuery)
  return (
    <PageBody>
      <PageHead
        title="Channels"
        lead="Where messages come from. Secrets can be written here and are never shown again."
      >
        {may && <NewChannel />}
      </PageHead>
      <Loaded query={channels} what="the channels">
        {(data) => (
          <>
            {data.channels.length === 0 && (
              <Empty title="No channel is connected">
                Connect a WhatsApp number or put a web chat on a page. Conversations then appear in the inbox
                by themselves.
              </Empty>
            )}
            <ul className="flex flex-col gap-4">
              {data.channels.map((channel) => (
                <li key={channel.id}>
                  <ChannelPanel channel={channel} mayEdit={may} />
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </PageBody>
  )
}

function ChannelPanel({
  channel,
  mayEdit,
}: {
  readonly channel: Channel
  readonly mayEdit: boolean
}): ReactNode {
  const address = `${location.origin}${channel.path}`
  return (
    <Panel className="flex flex-col gap-4 p-5">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="text-base">{channel.name}</h2>
        <Badge>{CHANNEL_KINDS[channel.kind]}</Badge>
        {channel.state === 'broken' && <Badge tone="bad">broken</Badge>}
        {channel.state === 'disabled' && <Badge tone="late">switched off</Badge>}
        {channel.phoneNumberId !== null && (
          <span className="text-sm text-muted">number id {channel.phoneNumberId}</span>
        )}
      </div>
      {channel.state === 'broken' && (
        <Notice tone="late">
          <p>
            The provider refused the credentials{channel.brokenCode !== null && ` (${channel.brokenCode})`}.
            Set a new access token; what waits is then sent.
          </p>
        </Notice>
      )}
      <div className="flex flex-col gap-1">
        <span className="text-sm text-muted">
          {channel.kind === 'whatsapp'
            ? 'Callback URL for the provider’s webhook settings'
            : 'Address of the chat, for a frame on your page'}
        </span>
        <div className="flex flex-wrap items-center gap-2">
          <code className="min-w-0 rounded-small bg-sunk px-2 py-1 font-mono text-sm wrap-anywhere">
            {address}
          </code>
          <CopyButton text={address} what={channel.kind === 'whatsapp' ? 'callback URL' : 'chat address'} />
        </div>
      </div>
      {channel.kind === 'webchat' && (
        <p className="text-sm text-muted">
          Allowed on:{' '}
          {channel.allowedOrigins.length === 0 ? 'no page yet' : channel.allowedOrigins.join(', ')}
        </p>
      )}
      {channel.kind === 'whatsapp' && (
        <div className="flex flex-wrap items-end justify-between gap-3">
          <dl className="grid gap-x-4 gap-y-1 text-sm tablet:grid-cols-[8rem_1fr]">
            {(Object.keys(SECRET_WORDS) as SecretName[]).map((name) => {
              const hint = channel.secrets[name]
              return (
                <div key={name} className="contents">
                  <dt className="text-muted">{SECRET_WORDS[name]}</dt>
                  <dd>
                    {hint === undefined ? (
                      <span className="text-late">not set</span>
                    ) : (
                      <>
                        set{hint.last4 !== '' && `, ends in ${hint.last4}`} · fingerprint{' '}
                        <code className="font-mono">{hint.fingerprint}</code>
                      </>
                    )}
                  </dd>
                </div>
              )
            })}
          </dl>
          {mayEdit && <ChannelSecrets channel={channel} />}
        </div>
      )}
      {mayEdit && <ChannelSwitch channel={channel} />}
    </Panel>
  )
}
