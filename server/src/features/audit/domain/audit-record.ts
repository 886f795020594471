import type { AuditActor, AuditEventType } from '../../../kernel/audit.ts'

interface EventKind {
  readonly displayName: string
  /** `project` events are in the log of the project and of its organization. */
  readonly scope: 'organization' | 'project'
}

/** Names as auth §9 lists them; the ones that are not there are ours. */
export const eventKinds: Readonly<Record<AuditEventType, EventKind>> = {
  'session.logged_in': { displayName: 'User Logged In', scope: 'organization' },
  'session.logged_out': { displayName: 'User Logged Out', scope: 'organization' },
  'session.login_failed': { displayName: 'User Login Failed', scope: 'organization' },
  'session.revoked': { displayName: 'User Session Revoked', scope: 'organization' },
  'password.set': { displayName: 'User Set Password', scope: 'organization' },
  'password.changed': { displayName: 'User Changed Password', scope: 'organization' },
  'password.reset': { displayName: 'User Reset Password', scope: 'organization' },
  'user.twofactor_enabled': { displayName: 'User Enabled Two-Factor Auth', scope: 'organization' },
  'user.twofactor_disabled': { displayName: 'User Disabled Two-Factor Auth', scope: 'organization' },
  'user.twofactor_reset': { displayName: 'Two-Factor Auth of User Reset', scope: 'organization' },
  'recovery_codes.created': { displayName: 'Recovery Codes Created', scope: 'organization' },
  'recovery_codes.used': { displayName: 'Recovery Code Used', scope: 'organization' },
  'passkey.created': { displayName: 'Passkey Created', scope: 'organization' },
  'passkey.renamed': { displayName: 'Passkey Renamed', scope: 'organization' },
  'passkey.deleted': { displayName: 'Passkey Deleted', scope: 'organization' },
  'organization_access_security.twofactor_enabled': {
    displayName: 'Organization Two-Factor Auth Enabled',
    scope: 'organization',
  },
  'organization_access_security.twofactor_disabled': {
    displayName: 'Organization Two-Factor Auth Disabled',
    scope: 'organization',
  },
  'oauth_token.created': { displayName: 'GDPR Token Created', scope: 'organization' },
  'oauth_token.revoked': { displayName: 'GDPR Token Revoked', scope: 'organization' },
  'user_data_export.created': { displayName: 'User Data Export Requested', scope: 'project' },
  'user_data_export.downloaded': { displayName: 'User Data Export Downloaded', scope: 'project' },
  'user_data_deletion.created': { displayName: 'User Data Deletion Requested', scope: 'project' },
  'user_data_deletion.canceled': { displayName: 'User Data Deletion Canceled', scope: 'project' },
  'user_data_deletion.started': { displayName: 'User Data Deletion Started', scope: 'project' },
  'user_data_deletion.succeeded': { displayName: 'User Data Deletion Succeeded', scope: 'project' },
  'user_data_deletion.failed': { displayName: 'User Data Deletion Failed', scope: 'project' },
  'raw_event_export.requested': { displayName: 'Raw Event Export Requested', scope: 'project' },
  'event_export.downloaded': { displayName: 'Events Exported', scope: 'project' },
  'profile_export.downloaded': { displayName: 'Profile Data Exported', scope: 'project' },
  'profile.updated': { displayName: 'Profile Updated', scope: 'project' },
  'profile.deleted': { displayName: 'Profile Deleted', scope: 'project' },
  'profile.batch_updated': { displayName: 'Profiles Batch Updated', scope: 'project' },
  'project.created': { displayName: 'Project Created', scope: 'project' },
  'group_key.created': { displayName: 'Group Key Created', scope: 'project' },
  'group_key.deleted': { displayName: 'Group Key Deleted', scope: 'project' },
  'lookup_table.created': { displayName: 'Lookup Table Created', scope: 'project' },
  'lookup_table.updated': { displayName: 'Lookup Table Updated', scope: 'project' },
  'lookup_table.deleted': { displayName: 'Lookup Table Deleted', scope: 'project' },
  'warehouse_source.created': { displayName: 'Warehouse Source Created', scope: 'project' },
  'warehouse_source.deleted': { displayName: 'Warehouse Source Deleted', scope: 'project' },
  'warehouse_source_sync.created': { displayName: 'Warehouse Sync Created', scope: 'project' },
  'warehouse_source_sync.updated': { displayName: 'Warehouse Sync Updated', scope: 'project' },
  'warehouse_source_sync.deleted': { displayName: 'Warehouse Sync Deleted', scope: 'project' },
  'warehouse_source_sync.started': { displayName: 'Warehouse Sync Started', scope: 'project' },
  'data_rules.updated': { displayName: 'Data Rules Updated', scope: 'project' },
  'session_settings.updated': { displayName: 'Session Settings Updated', scope: 'project' },
  'pipeline.created': { displayName: 'Pipeline Created', scope: 'project' },
  'pipeline.updated': { displayName: 'Pipeline Updated', scope: 'project' },
  'pipeline.deleted': { displayName: 'Pipeline Canceled', scope: 'project' },
  'pipeline.paused': { displayName: 'Pipeline Paused', scope: 'project' },
  'pipeline.resumed': { displayName: 'Pipeline Resumed', scope: 'project' },
  'lexicon.updated': { displayName: 'Lexicon Updated', scope: 'project' },
  'lexicon.deleted': { displayName: 'Lexicon Entries Deleted', scope: 'project' },
  'lexicon.merged': { displayName: 'Events or Properties Merged', scope: 'project' },
  'lexicon.settings_updated': { displayName: 'Lexicon Settings Updated', scope: 'project' },
  'funnel.created': { displayName: 'Funnel Created', scope: 'project' },
  'funnel.updated': { displayName: 'Funnel Updated', scope: 'project' },
  'funnel.deleted': { displayName: 'Funnel Deleted', scope: 'project' },
  'bookmark.created': { displayName: 'Report Saved', scope: 'project' },
  'bookmark.updated': { displayName: 'Report Updated', scope: 'project' },
  'bookmark.deleted': { displayName: 'Report Deleted', scope: 'project' },
  'cohort.shared': { displayName: 'Cohort Shared', scope: 'project' },
  'cohort.unshared': { displayName: 'Cohort Unshared', scope: 'project' },
  'workspace.user_added': { displayName: 'User Added to Data View', scope: 'project' },
  'workspace.user_removed': { displayName: 'User Removed from Data View', scope: 'project' },
  'workspace.team_added': { displayName: 'Team Added to Data View', scope: 'project' },
  'workspace.team_removed': { displayName: 'Team Removed from Data View', scope: 'project' },
  'cohort.created': { displayName: 'Cohort Created', scope: 'project' },
  'cohort.updated': { displayName: 'Cohort Updated', scope: 'project' },
  'cohort.deleted': { displayName: 'Cohort Deleted', scope: 'project' },
  'custom_event.created': { displayName: 'Custom Event Created', scope: 'project' },
  'custom_event.updated': { displayName: 'Custom Event Updated', scope: 'project' },
  'custom_event.deleted': { displayName: 'Custom Event Deleted', scope: 'project' },
  'custom_property.created': { displayName: 'Custom Property Created', scope: 'project' },
  'custom_property.updated': { displayName: 'Custom Property Updated', scope: 'project' },
  'custom_property.deleted': { displayName: 'Custom Property Deleted', scope: 'project' },
  'data_view.created': { displayName: 'Data View Created', scope: 'project' },
  'data_view.updated': { displayName: 'Data View Updated', scope: 'project' },
  'data_view.deleted': { displayName: 'Data View Deleted', scope: 'project' },
  'annotation.created': { displayName: 'Annotation Created', scope: 'project' },
  'annotation.updated': { displayName: 'Annotation Updated', scope: 'project' },
  'annotation.deleted': { displayName: 'Annotation Deleted', scope: 'project' },
  'retention.updated': { displayName: 'Data Retention Updated', scope: 'project' },
  'event_deletion.created': { displayName: 'Event Deletion Requested', scope: 'project' },
  'event_deletion.canceled': { displayName: 'Event Deletion Canceled', scope: 'project' },
  'classified_properties.updated': { displayName: 'Classified Properties Updated', scope: 'project' },
  'project.updated': { displayName: 'Project Settings Updated', scope: 'project' },
  'project.reset': { displayName: 'Project Reset', scope: 'project' },
  'project.transferred': { displayName: 'Project Transferred', scope: 'project' },
  'project.deleted': { displayName: 'Project Deleted', scope: 'project' },
  'project.restored': { displayName: 'Project Restored', scope: 'project' },
  'project.purged': { displayName: 'Project Data Purged', scope: 'project' },
  'project.team_added': { displayName: 'Team Added to Project', scope: 'project' },
  'project.team_removed': { displayName: 'Team Removed from Project', scope: 'project' },
  'project.user_added': { displayName: 'User Added to Project', scope: 'project' },
  'project.user_removed': { displayName: 'User Removed from Project', scope: 'project' },
  'access_key.secret_reset': { displayName: 'Project Secret Reset', scope: 'project' },
  'access_key.token_reset': { displayName: 'Project Token Reset', scope: 'project' },
  'organization.user_added': { displayName: 'User Added to Organization', scope: 'organization' },
  'organization.user_removed': { displayName: 'User Removed from Organization', scope: 'organization' },
  'sso.updated': { displayName: 'Single Sign-On Changed', scope: 'organization' },
  'sso.removed': { displayName: 'Single Sign-On Removed', scope: 'organization' },
  'sso_domain.claimed': { displayName: 'Domain Claimed', scope: 'organization' },
  'sso_domain.verified': { displayName: 'Domain Verified', scope: 'organization' },
  'sso_domain.lost': { displayName: 'Domain No Longer Verified', scope: 'organization' },
  'sso_domain.removed': { displayName: 'Domain Removed', scope: 'organization' },
  'sso_link.code_created': { displayName: 'Single Sign-On Linking Code Created', scope: 'organization' },
  'sso_link.created': { displayName: 'Single Sign-On Linked', scope: 'organization' },
  'sso_link.updated': { displayName: 'Single Sign-On Link Changed', scope: 'organization' },
  'sso_link.removed': { displayName: 'Single Sign-On Unlinked', scope: 'organization' },
  'scim_token.created': { displayName: 'SCIM Token Created', scope: 'organization' },
  'scim_token.revoked': { displayName: 'SCIM Token Revoked', scope: 'organization' },
  'service_account.created': { displayName: 'Service Account Created', scope: 'organization' },
  'service_account.deleted': { displayName: 'Service Account Deleted', scope: 'organization' },
  'service_account.added_to_project': { displayName: 'Service Account Added to Project', scope: 'project' },
  'service_account.removed_from_project': { displayName: 'Service Account Removed from Project', scope: 'project' },
  'service_account.role_changed': { displayName: 'Service Account Role Changed', scope: 'project' },
  'audit_log_export.downloaded': { displayName: 'Audit Log Export Downloaded', scope: 'project' },
  'audit_log.expired': { displayName: 'Old Audit Log Entries Removed', scope: 'organization' },
  'organization.created': { displayName: 'Organization Created', scope: 'organization' },
  'organization.deleted': { displayName: 'Organization Deleted', scope: 'organization' },
  'organization.restored': { displayName: 'Organization Restored', scope: 'organization' },
  'organization.closed': { displayName: 'Organization Closed', scope: 'organization' },
  'organization_setting.updated': { displayName: 'Organization Settings Changed', scope: 'organization' },
  'invitation.sent': { displayName: 'Invited User to Organization', scope: 'organization' },
  'invitation.revoked': { displayName: 'Invitation Revoked', scope: 'organization' },
  'invitation.accepted': { displayName: 'Accepted Invitation', scope: 'organization' },
  'user.role_changed': { displayName: 'User Role Changed', scope: 'project' },
  'custom_role.created': { displayName: 'Custom Role Created', scope: 'project' },
  'custom_role.updated': { displayName: 'Custom Role Updated', scope: 'project' },
  'custom_role.deleted': { displayName: 'Custom Role Deleted', scope: 'project' },
  'team.created': { displayName: 'Team Created', scope: 'organization' },
  'team.updated': { displayName: 'Team Updated', scope: 'organization' },
  'team.deleted': { displayName: 'Team Deleted', scope: 'organization' },
  'team.user_added': { displayName: 'User Added to Team', scope: 'organization' },
  'team.user_removed': { displayName: 'User Removed from Team', scope: 'organization' },
  'team.service_account_added': { displayName: 'Service Account Added to Team', scope: 'organization' },
  'team.service_account_removed': { displayName: 'Service Account Removed from Team', scope: 'organization' },
}

/** One line of the log as it goes out (auth §9). */
export interface AuditRecord {
  readonly id: string
  readonly event_type: string
  readonly display_name: string
  readonly scope: string
  /** ISO, UTC. */
  readonly occurred_at: string
  readonly actor: { readonly type: AuditActor['type']; readonly id: string | null; readonly name: string | null }
  readonly organization_id: number | null
  readonly project_id: number | null
  readonly target: unknown
  readonly changes: unknown
  readonly request_id: string | null
}

const columns: readonly (readonly [name: string, value: (record: AuditRecord) => unknown])[] = [
  ['id', (record) => record.id],
  ['event_type', (record) => record.event_type],
  ['display_name', (record) => record.display_name],
  ['scope', (record) => record.scope],
  ['occurred_at', (record) => record.occurred_at],
  ['actor.type', (record) => record.actor.type],
  ['actor.id', (record) => record.actor.id],
  ['actor.name', (record) => record.actor.name],
  ['organization_id', (record) => record.organization_id],
  ['project_id', (record) => record.project_id],
  ['target.type', (record) => inner(record.target, 'type')],
  ['target.id', (record) => inner(record.target, 'id')],
  ['target.name', (record) => inner(record.target, 'name')],
  ['changes', (record) => (record.changes === null ? null : JSON.stringify(record.changes))],
  ['request_id', (record) => record.request_id],
]

const inner = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : null

/** A cell that a spreadsheet would take for a formula gets an apostrophe in front. */
export const csvCell = (value: unknown): string => {
  const text = value === null || value === undefined ? '' : String(value)
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** RFC 4180; nested keys are flattened with a dot. */
export const auditCsvHeader = `${columns.map(([name]) => name).join(',')}\r\n`
export const auditCsvLine = (record: AuditRecord): string =>
  `${columns.map(([, value]) => csvCell(value(record))).join(',')}\r\n`
