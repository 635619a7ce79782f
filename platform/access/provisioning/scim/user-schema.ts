import { attribute, complex, plural, type ResourceType, type Schema } from './attribute.ts'

const text = (name: string, description: string) => attribute(name, description)
const value = (description: string) => attribute('value', description)

/** A person (RFC 7643 §4.1); passwords are never taken from a directory. */
const USER: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:User',
  name: 'User',
  description: 'User Account',
  attributes: [
    attribute('userName', 'The name that the directory knows a person by; need not be an e-mail address.', {
      required: true,
      uniqueness: 'server',
    }),
    complex('name', 'The parts of the name.', [
      text('formatted', 'The whole name.'),
      text('familyName', 'The family name.'),
      text('givenName', 'The given name.'),
      text('middleName', 'The middle names.'),
      text('honorificPrefix', 'The title before the name.'),
      text('honorificSuffix', 'The title after the name.'),
    ]),
    text('displayName', 'The name shown to people.'),
    text('nickName', 'The casual name.'),
    attribute('profileUrl', 'A page about the person.', {
      type: 'reference',
      caseExact: true,
      referenceTypes: ['external'],
    }),
    text('title', 'The title of the position.'),
    text('userType', 'The relation to the organisation.'),
    text('preferredLanguage', 'The preferred language.'),
    text('locale', 'Where dates and figures are written as this person expects.'),
    text('timezone', 'The time zone.'),
    attribute('active', 'Whether the person may use the service.', { type: 'boolean' }),
    plural('emails', 'E-mail addresses.', value('The address.'), ['work', 'home', 'other']),
    plural('phoneNumbers', 'Telephone numbers.', value('The number.'), [
      'work',
      'home',
      'mobile',
      'fax',
      'pager',
      'other',
    ]),
    plural('ims', 'Addresses of instant messages.', value('The address.')),
    plural(
      'photos',
      'Pictures.',
      attribute('value', 'Where the picture is.', {
        type: 'reference',
        caseExact: true,
        referenceTypes: ['external'],
      }),
      ['photo', 'thumbnail'],
    ),
    complex(
      'addresses',
      'Postal addresses.',
      [
        text('formatted', 'The whole address.'),
        text('streetAddress', 'Street and number.'),
        text('locality', 'City.'),
        text('region', 'State or region.'),
        text('postalCode', 'Postal code.'),
        text('country', 'Country.'),
        attribute('type', 'What the address is for.', { canonicalValues: ['work', 'home', 'other'] }),
        attribute('primary', 'Whether this is the preferred address.', { type: 'boolean' }),
      ],
      { multiValued: true },
    ),
    complex(
      'groups',
      'The groups that the person belongs to.',
      [
        attribute('value', 'Id of the group.', { mutability: 'readOnly', caseExact: true }),
        attribute('$ref', 'Address of the group.', {
          type: 'reference',
          caseExact: true,
          mutability: 'readOnly',
          referenceTypes: ['Group'],
        }),
        attribute('display', 'Name of the group.', { mutability: 'readOnly' }),
        attribute('type', 'Whether directly.', {
          mutability: 'readOnly',
          canonicalValues: ['direct', 'indirect'],
        }),
      ],
      { multiValued: true, mutability: 'readOnly' },
    ),
    plural(
      'entitlements',
      'What the person is entitled to, for the directory’s own use.',
      value('The entitlement.'),
    ),
    plural('roles', 'Roles, for the directory’s own use; groups decide the role here.', value('The role.')),
    plural(
      'x509Certificates',
      'Certificates.',
      attribute('value', 'The certificate, DER in base64.', { type: 'binary', caseExact: true }),
    ),
  ],
}

/** What employers add (RFC 7643 §4.3). */
const ENTERPRISE: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  name: 'EnterpriseUser',
  description: 'Enterprise User',
  attributes: [
    text('employeeNumber', 'The number of the employee.'),
    text('costCenter', 'The cost centre.'),
    text('organization', 'The organisation.'),
    text('division', 'The division.'),
    text('department', 'The department.'),
    complex('manager', 'The manager.', [
      attribute('value', 'Id of the manager.', { caseExact: true }),
      attribute('$ref', 'Address of the manager.', {
        type: 'reference',
        caseExact: true,
        referenceTypes: ['User'],
      }),
      attribute('displayName', 'Name of the manager.', { mutability: 'readOnly' }),
    ]),
  ],
}

/** People. */
export const userType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'User Account',
  core: USER,
  extension: ENTERPRISE,
}
