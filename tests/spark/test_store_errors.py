"""What a driver tells when its object store refuses, as S3A words it, and what clients are told."""

from __future__ import annotations

import grpc
import pytest

from engine.spark.errors import Told, translate

PLACE = "s3a://lake/kadali/d61878f1/6d1bff4b/_delta_log"
SDK = "software.amazon.awssdk"
MODEL = f"getFileStatus on {PLACE}: {SDK}.services.s3.model"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{MODEL}.S3Exception: Forbidden (Service: S3, Status Code: 403, Request ID: MC6Q):null",
         "42501"),
        (f"{MODEL}.S3Exception: The AWS Access Key Id you provided does not exist in our records. (Service: S3, Status "
         "Code: 403, Request ID: 1, Extended Request ID: 2):InvalidAccessKeyId", "42501"),
        (f"{MODEL}.NoSuchBucketException: The specified bucket does not exist (Service: S3, Status Code: 404, Request "
         "ID: 1):NoSuchBucket", "58030"),
        (f"getFileStatus on {PLACE}: {SDK}.core.exception.SdkClientException: Unable to execute HTTP request: Connect "
         "to 10.0.0.1:9000 failed: Connection refused", "58030"),
        (f"{MODEL}.S3Exception: Please reduce your request rate. (Service: S3, Status Code: 503):SlowDown",
         "58030"),
    ],
)  # fmt: skip
def test_refusals_of_a_store(text: str, code: str) -> None:
    made = translate(Told(grpc.StatusCode.INTERNAL, text))
    assert made.sqlstate == code
    for hidden in ("s3a", "lake", "amazon", "10.0.0.1", "Request"):
        assert hidden not in made.message
