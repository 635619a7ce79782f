import { Dialog as Base } from '@base-ui/react/dialog'
import { useRef, type ReactNode } from 'react'
import { IconButton } from './button.tsx'

let held = false

/** While a fresh factor is asked for, no act in that question closes the dialog below it. */
export function holdDialogs(hold: boolean): void {
  held = hold
}

/** A dialog above the page: labelled, starts at its first field, keeps the focus, closes with Esc and gives the focus back. */
export function Dialog({
  open,
  onClose,
  title,
  children,
  lasting = false,
  above = false,
}: {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly children: ReactNode
  /** Stays until it is closed on purpose: for what is shown only once. */
  readonly lasting?: boolean
  /** Stands above every other dialog, and is not held by `holdDialogs`. */
  readonly above?: boolean
}): ReactNode {
  const popup = useRef<HTMLDivElement>(null)
  return (
    <Base.Root
      open={open}
      disablePointerDismissal={lasting}
      onOpenChange={(next, details) => {
        if (held && !above) return
        if (lasting && details.reason === 'escape-key') return
        if (!next) onClose()
      }}
    >
      <Base.Portal>
        <Base.Backdrop className={`fixed inset-0 bg-veil ${above ? 'z-50' : 'z-40'}`} />
        <Base.Viewport className={`fixed inset-0 overflow-y-auto p-4 ${above ? 'z-50' : 'z-40'}`}>
          <Base.Popup
            ref={popup}
            initialFocus={(by) =>
              // A touch keyboard would cover what there is to read.
              (by === 'touch'
                ? null
                : popup.current?.querySelector<HTMLElement>('input, select, textarea')) ?? true
            }
            className="mx-auto mt-[6vh] w-full max-w-xl rounded-large border border-line bg-panel p-6 text-ink shadow-xl"
          >
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
