export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  /** Not a code on the wire: the connection ended without a close frame. */
  abnormal: 1006,
  tooLarge: 1009,
  resumedElsewhere: 4001,
} as const;
