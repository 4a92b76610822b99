//! End-to-end tests: shared harness.
