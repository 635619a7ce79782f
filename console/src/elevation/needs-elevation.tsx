import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { SensitivePermission } from '../../../platform/kernel/permission.ts'
import { Notice } from '../ui/notice.tsx'
import { permissionWords } from './elevations.ts'

/** Says that an act needs an elevation, and leads to where one is asked for. Policy 3.2-d. */
export function NeedsElevation({ permission }: { readonly permission: SensitivePermission }): ReactNode {
  return (
    <Notice>
      <p>
        Changes here need an elevation: “{permissionWords(permission)}”. Nobody holds it for good.{' '}
        <Link to="/elevations" className="text-accent underline">
          Ask for an elevation
        </Link>
      </p>
    </Notice>
  )
}
