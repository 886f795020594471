export { createProfiles, type Profiles } from './create-profiles.ts'
export { checkUpdate, type ProfileUpdate } from './domain/profile-update.ts'
export type { ProfileStore } from './store/clickhouse-profile-store.ts'
export { lockAllProfileSlots } from './store/profile-slots.ts'
