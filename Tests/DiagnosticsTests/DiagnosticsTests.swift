import Testing

// Placeholder until the room has tests of its own; remove with the first one.
@Suite struct DiagnosticsTests {}
