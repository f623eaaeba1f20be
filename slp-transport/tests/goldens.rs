//! The golden bytes of `slp-pi/1`: each file is read and written again, byte for byte.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests read files and the environment")]

mod support;

use slp_transport::Limits;
use slp_transport::push::{PiRequest, PiResponse, RequestData, ResponseData, http_status};

#[test]
fn every_golden_is_read_and_written_again_equal() {
    let Some(root) = support::samples() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join("transport/pi1")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        if name.contains(".request.") {
            let request = PiRequest::from_json(&bytes, &Limits::default()).unwrap();
            assert_eq!(request.to_json(), text, "{name}");
            assert!(request.unknown.is_empty() && !matches!(request.data, RequestData::Other(..)), "{name}");
            assert!(name.starts_with(request.kind.as_str()), "{name}");
        } else {
            let response = PiResponse::from_json(&bytes, &Limits::default()).unwrap();
            assert_eq!(response.to_json(), text, "{name}");
            assert!(response.unknown.is_empty() && !matches!(response.data, Some(ResponseData::Other(_))), "{name}");
            let status = name.rsplit_once("response_").unwrap().1.trim_end_matches(".json");
            assert_eq!(http_status(&response).as_str(), status, "{name}");
        }
        seen += 1;
    }
    assert_eq!(seen, 26);
}
