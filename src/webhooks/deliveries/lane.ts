/** A webhook that one process sends to: as long as nobody holds a higher fence. */
export interface LaneClaim {
  readonly webhookId: string;
  readonly fence: number;
}

/** Who holds lanes, and how long it keeps others from sending when it has died or is cut off. */
export interface LaneHolder {
  readonly holder: string;
  readonly leaseMs: number;
}
