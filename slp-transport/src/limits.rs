//! What one message may cost.

/// Limits of the readers. Each is taken before the work is done. Spec: transport, "Limits" (choice).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one answer or request of the cloud API and of the push protocol. Default 16 MiB.
    pub body_bytes: usize,
    /// Bytes of one answer of a device or of a file. Default 64 MiB: a device that was never acknowledged holds about
    /// a thousand reports.
    pub device_body_bytes: usize,
    /// Bytes of one report payload. Default 8 MiB.
    pub payload_bytes: usize,
    /// Bytes of one decoded licence document. Default 4 MiB.
    pub document_bytes: usize,
    /// Bytes of any other string. Default 64 KiB.
    pub string_bytes: usize,
    /// Objects and arrays inside one another, outside payloads. Default 32.
    pub json_depth: u32,
    /// Usage reports of one message. Default 10,000, the most that one run of a collector forwards.
    pub reports: u64,
    /// Bytes of one CLI text. Default 16 MiB.
    pub cli_bytes: usize,
    /// Bytes of one line of CLI text; what is longer is cut and reported. Default 64 KiB.
    pub cli_line_bytes: usize,
    /// Facts, and lines that were not understood, of one CLI text; what stands behind them is not read, and that is reported.
    /// Default 100,000: the longest capture has some thousand lines.
    pub cli_facts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: usize = 1_024 * 1_024;
        Self {
            body_bytes: 16 * MIB,
            device_body_bytes: 64 * MIB,
            payload_bytes: 8 * MIB,
            document_bytes: 4 * MIB,
            string_bytes: 64 * 1_024,
            json_depth: 32,
            reports: 10_000,
            cli_bytes: 16 * MIB,
            cli_line_bytes: 64 * 1_024,
            cli_facts: 100_000,
        }
    }
}
