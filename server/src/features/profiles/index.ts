export { createProfiles, type Profiles, type ProfilesDeps } from './create-profiles.ts'
export { checkUpdate, type ProfileUpdate, type UpdateFault } from './domain/profile-update.ts'
export type { ProfileStore, ProfileStoreSettings, UpdateOutcome } from './store/clickhouse-profile-store.ts'
export { lockAllProfileSlots } from './store/profile-slots.ts'
