import { useState, type ComponentProps, type ReactNode } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

/** Whether a dialog is open, and the two ways to change that. */
interface DialogState {
  readonly isOpen: boolean
  readonly open: () => void
  readonly close: () => void
}

/** The state of a `DialogButton`; `onClose` runs whenever the dialog is closed, by whatever way. Closed at first, unless `opened`. */
export function useDialog(onClose?: () => void, opened = false): DialogState {
  const [isOpen, setOpen] = useState(opened)
  return {
    isOpen,
    open: () => {
      setOpen(true)
    },
    close: () => {
      setOpen(false)
      onClose?.()
    },
  }
}

/** A button and the dialog that it opens, which has the words of the button as title unless it has its own. */
export function DialogButton({
  dialog,
  words,
  title = words,
  lasting = false,
  children,
  ...button
}: Omit<ComponentProps<typeof Button>, 'onClick' | 'title' | 'children'> & {
  readonly dialog: DialogState
  readonly words: string
  readonly title?: string
  /** Stays until it is closed on purpose: for what is shown only once. */
  readonly lasting?: boolean
  readonly children: ReactNode
}): ReactNode {
  return (
    <>
      <Button {...button} onClick={dialog.open}>
        {words}
      </Button>
      <Dialog open={dialog.isOpen} onClose={dialog.close} title={title} lasting={lasting}>
        {children}
      </Dialog>
    </>
  )
}
