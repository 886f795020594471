import type { Principal } from './principal.ts'

/** The event types that this release writes (auth §9), plus our own `oauth_token.*`, `suppression.*`, `group_key.*` and `data_rules.*`. */
export type AuditEventType =
  | 'session.logged_in'
  | 'session.logged_out'
  | 'session.login_failed'
  | 'session.revoked'
  | `password.${'set' | 'changed' | 'reset'}`
  | `user.twofactor_${'enabled' | 'disabled' | 'reset'}`
  | `recovery_codes.${'created' | 'used'}`
  | `passkey.${'created' | 'renamed' | 'deleted'}`
  | `organization_access_security.twofactor_${'enabled' | 'disabled'}`
  | 'oauth_token.created'
  | 'oauth_token.revoked'
  | 'user_data_export.created'
  | 'user_data_export.downloaded'
  | 'user_data_deletion.created'
  | 'user_data_deletion.canceled'
  | 'user_data_deletion.started'
  | 'user_data_deletion.succeeded'
  | 'user_data_deletion.failed'
  | 'raw_event_export.requested'
  | 'event_export.downloaded'
  | 'profile_export.downloaded'
  | `profile.${'updated' | 'deleted' | 'batch_updated'}`
  | 'project.created'
  | `project.${'updated' | 'reset' | 'transferred' | 'deleted' | 'restored' | 'purged'}`
  | `access_key.${'secret_reset' | 'token_reset'}`
  | `service_account.${'created' | 'deleted' | 'added_to_project' | 'removed_from_project' | 'role_changed'}`
  | `organization.${'created' | 'deleted' | 'restored' | 'closed'}`
  | 'organization_setting.updated'
  | 'audit_log_export.downloaded'
  | 'audit_log.expired'
  | `invitation.${'sent' | 'revoked' | 'accepted'}`
  | 'user.role_changed'
  | `cohort.${'shared' | 'unshared'}`
  | `workspace.${'user' | 'team'}_${'added' | 'removed'}`
  | `custom_role.${'created' | 'updated' | 'deleted'}`
  | `team.${'created' | 'updated' | 'deleted' | 'user_added' | 'user_removed' | 'service_account_added' | 'service_account_removed'}`
  | `project.${'team_added' | 'team_removed' | 'user_added' | 'user_removed'}`
  | `organization.${'user_added' | 'user_removed'}`
  | `sso.${'updated' | 'removed'}`
  | `sso_domain.${'claimed' | 'verified' | 'lost' | 'removed'}`
  | `sso_link.${'code_created' | 'created' | 'updated' | 'removed'}`
  | `scim_token.${'created' | 'revoked'}`
  | 'group_key.created'
  | 'group_key.deleted'
  | 'lookup_table.created'
  | 'lookup_table.updated'
  | 'lookup_table.deleted'
  | 'retention.updated'
  | 'event_deletion.created'
  | 'event_deletion.canceled'
  | `warehouse_source.${'created' | 'deleted'}`
  | `warehouse_source_sync.${'created' | 'updated' | 'deleted' | 'started'}`
  | 'classified_properties.updated'
  | 'data_rules.updated'
  | 'session_settings.updated'
  | `pipeline.${'created' | 'updated' | 'deleted' | 'paused' | 'resumed'}`
  | `lexicon.${'updated' | 'deleted' | 'merged' | 'settings_updated'}`
  | `${'funnel' | 'bookmark' | 'cohort' | 'custom_event' | 'custom_property' | 'data_view' | 'annotation'}.${'created' | 'updated' | 'deleted'}`

export interface AuditActor {
  readonly type: 'user' | 'service_account' | 'project_secret' | 'system'
  readonly id: string | null
  /** E-mail or user name of the one who logs in; never a person in the data. */
  readonly name: string | null
}

/** One thing that somebody did. Must hold no distinct_id and no property value. */
export interface AuditEntry {
  readonly type: AuditEventType
  readonly actor: AuditActor
  readonly organizationId: number | null
  readonly projectId: number | null
  readonly target?: { readonly type: string; readonly id: string; readonly name?: string }
  readonly changes?: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>
  readonly requestId?: string
}

/** Append-only. Resolves when the entry is durable; an action that cannot be written down must not happen. */
export interface AuditLog {
  append(entry: AuditEntry): Promise<void>
}

/** Who a principal is in the audit log. */
export const actorOf = (principal: Principal): AuditActor => {
  switch (principal.kind) {
    case 'service-account':
      return { type: 'service_account', id: String(principal.id), name: principal.username }
    case 'gdpr-token':
    case 'session':
      return { type: 'user', id: String(principal.userId), name: principal.email }
    case 'scim-token':
      return { type: 'system', id: null, name: 'SCIM' }
    case 'project-secret':
    case 'project-token':
      return { type: 'project_secret', id: String(principal.projectId), name: null }
  }
}
