//! The elements of a part that stand beside the signed one.

/// What the signature of the part `raw` does not cover: names of its children, and its own name where the signed bytes
/// would do for another part too. `path` ends in the name of the signed child.
///
/// The text was read as XML before, so only what well-formed text can hold is looked out for here.
pub(super) fn outside(raw: &str, name: &str, path: &str) -> Vec<String> {
    let mut outside = beside(raw, path);
    if matches!(name, "smartLicenseAuthorization" | "specificPLR" | "smartLicenseRumAck" | "smartLicenseConversionAck")
    {
        outside.push("name of the element".to_owned());
    }
    outside
}

fn beside(raw: &str, path: &str) -> Vec<String> {
    let mut covered = [path.rsplit('/').next().unwrap_or_default(), "signature"].map(Some);
    let mut outside = Vec::new();
    for name in children(raw) {
        // each covers one child of its name: a second one is outside
        match covered.iter_mut().find(|covered| **covered == Some(name)) {
            Some(found) => *found = None,
            None => outside.push(name.to_owned()),
        }
    }
    outside
}

/// Names of the elements one level below the root.
fn children(raw: &str) -> Vec<&str> {
    let (mut names, mut depth, mut rest) = (Vec::new(), 0_u32, raw);
    while let Some((_, markup)) = rest.split_once('<') {
        let special = [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")];
        let after = match special.into_iter().find(|(begin, _)| markup.starts_with(begin)) {
            Some((_, end)) => markup.split_once(end).map(|(_, after)| after),
            None => tag(markup).map(|(tag, after)| {
                if tag.starts_with('/') {
                    depth = depth.saturating_sub(1);
                } else {
                    if depth == 1 {
                        names.push(tag.split(|end: char| end.is_whitespace() || end == '/').next().unwrap_or_default());
                    }
                    if !tag.ends_with('/') {
                        depth = depth.saturating_add(1);
                    }
                }
                after
            }),
        };
        let Some(after) = after else { break };
        rest = after;
    }
    names
}

/// What is inside a tag, up to the `>` that is in no attribute, and what follows.
fn tag(markup: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, character) in markup.char_indices() {
        match (quote, character) {
            (None, '>') => return Some((markup.get(..at)?, markup.get(at.checked_add(1)?..)?)),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_signed_nor_the_signature_is_outside() {
        let raw = "<a x=\"<b>/\"><udi>P:A,S:B</udi><!-- <c/> --><code><udi/></code><e y='>'/><code/>\
            <signature>AA</signature><![CDATA[<f>]]></a>";
        assert_eq!(beside(raw, "a[1]/code"), ["udi", "e", "code"]);
        assert_eq!(beside("<a><data>x</data><signature/></a>", "a/data"), [""; 0]);
        assert_eq!(beside("<a><b", "a/data"), [""; 0]);
    }
}
