/** How a contact is called on the page. */
export function contactName(contact: { readonly name: string | null }): string {
  return contact.name === null || contact.name === '' ? 'Unnamed contact' : contact.name
}
