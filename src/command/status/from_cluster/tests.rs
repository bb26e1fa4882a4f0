//! What a look from a pod says of an image.

use super::*;
use crate::codes::Code;
use crate::image::Digest;
use crate::reading::fixtures::open;

#[test]
fn a_tag_is_what_the_pod_saw_and_what_it_did_not_see_has_its_reason() {
    let image: Reference = "ghcr.io/tracebloc/ingestor:0.3".parse().unwrap();
    let of = |ways| {
        let looks = [PodLook { node: None, ways }];
        told(&looks, std::slice::from_ref(&image))
            .remove(&image)
            .unwrap()
    };
    let mut way = open("ghcr.io");
    let digest: Digest = format!("sha256:{}", "d".repeat(64)).parse().unwrap();
    way.digests.insert(image.clone(), digest.clone());
    assert_eq!(
        Some(digest),
        of(Ok(vec![way])).ok().map(|resolved| resolved.digest)
    );

    let failed = of(Err(Unprobed::Failed {
        code: Some(Code::AdmissionRefused),
        message: "exceeded quota".to_owned(),
    }));
    let failure = failed.unwrap_err();
    assert_eq!(
        (
            Some(Code::AdmissionRefused),
            Layer::None,
            "from a pod: exceeded quota"
        ),
        (failure.code, failure.layer, &*failure.message)
    );
    let unable = of(Err(Unprobed::Unable("no refresh job to copy".to_owned()))).unwrap_err();
    assert_eq!(
        "ghcr.io: from a pod: no refresh job to copy",
        unable.to_string()
    );
    assert_eq!(
        "ghcr.io: from a pod: the pod was not asked for it",
        of(Ok(Vec::new())).unwrap_err().to_string()
    );
}
