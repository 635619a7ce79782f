import { Dialog as Base } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import { IconButton } from './button.tsx'

/** A dialog above the page: labelled, keeps the focus, closes with Esc and gives the focus back. */
export function Dialog({
  open,
  onClose,
  title,
  children,
  lasting = false,
}: {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly children: ReactNode
  /** Stays until it is closed on purpose: for what is shown only once. */
  readonly lasting?: boolean
}): ReactNode {
  return (
    <Base.Root
      open={open}
      disablePointerDismissal={lasting}
      onOpenChange={(next, details) => {
        if (lasting && details.reason === 'escape-key') return
        if (!next) onClose()
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Base.Viewport className="fixed inset-0 z-40 overflow-y-auto p-4">
          <Base.Popup className="mx-auto mt-[6vh] w-full max-w-xl rounded-large border border-line bg-panel p-6 text-ink shadow-xl">
            <div className="flex items-start justify-between gap-4 pb-4">
              <Base.Title className="text-lg">{title}</Base.Title>
              {!lasting && (
                <IconButton icon="close" label="Close" onClick={onClose} className="-mt-1 -mr-2" />
              )}
            </div>
            {children}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}
