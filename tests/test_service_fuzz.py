"""Requests made up from the OpenAPI document: no error of the server but 503 with Retry-After, and what is promised is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from corpus_help import Built
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from service_help import served

CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def api(sample_build: Built) -> Iterator[Any]:
    with served(sample_build.data, "--seconds", "2") as (address, _):
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


@pytest.mark.slow
def test_no_request_breaks_the_service(api: Any) -> None:
    operations = [result.ok() for result in api.get_all_operations()]
    assert len(operations) > 25
    for operation in operations:

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
        @given(case=operation.as_strategy())
        def asked(case: Any) -> None:
            response = case.call()
            if response.status_code == 503:
                assert "retry-after" in response.headers
                return
            case.validate_response(response, checks=CHECKS)

        asked()
