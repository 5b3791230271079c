/** Tiers in the order of every array of the addon's that has one entry for each, and of the numbers it takes for them. */
export const tiers = ['vip', 'high', 'normal', 'low'] as const;
export type Tier = (typeof tiers)[number];
