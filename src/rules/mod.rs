//! Conditions, name templates, guardrails and waivers.
