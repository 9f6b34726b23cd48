/** Of Fairlead, as documents and receivers of webhooks are told. */
export const version = "0.1.0";
