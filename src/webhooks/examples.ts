const time = "2026-01-31T12:00:00.123456Z";

export const newWebhookExample = {
  url: "https://example.org/hooks/fairlead",
  events: ["dev.fairlead.change.*"],
  app: "payments",
  environment: "production",
  prefix: "db.",
  payload: "thin",
  format: "cloudevents",
  description: "Tells the payments team of its database settings",
};

export const webhookPatchExample = { prefix: "", headers: { "x-team": "payments" } };

export const webhookExample = {
  id: "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11",
  ...newWebhookExample,
  headers: { "x-team": "***" },
  signatures: ["v1"],
  publicKey: null,
  enabled: true,
  disabledReason: null,
  disabledAt: null,
  previousSecretUntil: null,
  owner: "7Hd2kQ9xLmN4pR8s",
  createdAt: time,
  updatedAt: time,
  version: 1,
};

export const secretExample = `whsec_${"A".repeat(43)}=`;

export const deliveryExample = {
  id: "5f0c1a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2b",
  eventId: "4f0e9d0a2f8f3f0f-42",
  eventType: "dev.fairlead.change.v1",
  revision: 42,
  state: "pending",
  attempts: 2,
  interrupted: 0,
  createdAt: time,
  nextAttemptAt: "2026-01-31T12:05:05.123456Z",
  startedAt: "2026-01-31T12:00:05.123456Z",
  endedAt: null,
  status: 500,
  error: "the receiver answered 500",
  excerpt: "Internal Server Error",
  durationMs: 12,
};

export const deliveryDetailsExample = {
  ...deliveryExample,
  contentType: "application/cloudevents+json; charset=utf-8",
  body: '{"specversion":"1.0","id":"4f0e9d0a2f8f3f0f-42","source":"/fairlead","type":"dev.fairlead.change.v1","time":"2026-01-31T12:00:00.123456Z","datacontenttype":"application/json","data":{"epoch":"4f0e9d0a2f8f3f0f","revision":42,"changes":[{"op":"put","kind":"config","app":"payments","environment":"production","key":"db.pool.size","version":4}]}}',
};
