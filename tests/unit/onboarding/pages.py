"""Pages written by hand from the documented formats of programs that are not run here."""

from __future__ import annotations

ENVOY = """\
# TYPE envoy_cluster_upstream_rq_xx counter
envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",envoy_cluster_name="shop"} 940
envoy_cluster_upstream_rq_xx{envoy_response_code_class="4",envoy_cluster_name="shop"} 50
envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",envoy_cluster_name="shop"} 10
# TYPE envoy_cluster_upstream_rq counter
envoy_cluster_upstream_rq{envoy_response_code="503",envoy_cluster_name="shop"} 10
# TYPE envoy_http_downstream_rq_xx counter
envoy_http_downstream_rq_xx{envoy_response_code_class="2",envoy_http_conn_manager_prefix="admin"} 900
envoy_http_downstream_rq_xx{envoy_response_code_class="2",envoy_http_conn_manager_prefix="ingress"} 90
envoy_http_downstream_rq_xx{envoy_response_code_class="4",envoy_http_conn_manager_prefix="ingress"} 7
envoy_http_downstream_rq_xx{envoy_response_code_class="5",envoy_http_conn_manager_prefix="ingress"} 10
# TYPE envoy_http_downstream_rq_time histogram
envoy_http_downstream_rq_time_bucket{envoy_http_conn_manager_prefix="ingress",le="250"} 70
envoy_http_downstream_rq_time_bucket{envoy_http_conn_manager_prefix="ingress",le="500"} 80
envoy_http_downstream_rq_time_bucket{envoy_http_conn_manager_prefix="ingress",le="1000"} 100
envoy_http_downstream_rq_time_bucket{envoy_http_conn_manager_prefix="ingress",le="+Inf"} 107
envoy_http_downstream_rq_time_sum{envoy_http_conn_manager_prefix="ingress"} 30000
envoy_http_downstream_rq_time_count{envoy_http_conn_manager_prefix="ingress"} 107
"""

ISTIO = """\
# TYPE istio_requests_total counter
istio_requests_total{reporter="destination",response_code="200",response_flags="-",destination_service_name="shop"} 80
istio_requests_total{reporter="source",response_code="200",response_flags="-",destination_service_name="shop"} 80
istio_requests_total{reporter="destination",response_code="0",response_flags="UC",destination_service_name="shop"} 3
istio_requests_total{reporter="destination",response_code="0",response_flags="DC",destination_service_name="shop"} 2
istio_requests_total{reporter="destination",response_code="503",response_flags="UF",destination_service_name="shop"} 5
istio_requests_total{reporter="destination",response_code="404",response_flags="-",destination_service_name="shop"} 9
"""

INGRESS_NGINX = """\
# TYPE nginx_ingress_controller_requests counter
nginx_ingress_controller_requests{ingress="shop",method="GET",path="/",status="200"} 95
nginx_ingress_controller_requests{ingress="shop",method="GET",path="/",status="404"} 10
nginx_ingress_controller_requests{ingress="shop",method="GET",path="/",status="502"} 5
# TYPE nginx_ingress_controller_request_duration_seconds histogram
nginx_ingress_controller_request_duration_seconds_bucket{ingress="shop",status="200",le="0.5"} 90
nginx_ingress_controller_request_duration_seconds_bucket{ingress="shop",status="200",le="1"} 95
nginx_ingress_controller_request_duration_seconds_bucket{ingress="shop",status="200",le="+Inf"} 95
nginx_ingress_controller_request_duration_seconds_sum{ingress="shop",status="200"} 20
nginx_ingress_controller_request_duration_seconds_count{ingress="shop",status="200"} 95
nginx_ingress_controller_request_duration_seconds_bucket{ingress="shop",status="502",le="0.5"} 5
nginx_ingress_controller_request_duration_seconds_bucket{ingress="shop",status="502",le="1"} 5
nginx_ingress_controller_request_duration_seconds_bucket{ingress="shop",status="502",le="+Inf"} 5
nginx_ingress_controller_request_duration_seconds_sum{ingress="shop",status="502"} 0
nginx_ingress_controller_request_duration_seconds_count{ingress="shop",status="502"} 5
"""

NGINX = """\
# TYPE nginx_http_requests_total counter
nginx_http_requests_total 1234
# TYPE nginx_connections_accepted counter
nginx_connections_accepted 77
"""

NGINX_PLUS = """\
# TYPE nginxplus_server_zone_responses counter
nginxplus_server_zone_responses{code="1xx",server_zone="shop"} 0
nginxplus_server_zone_responses{code="2xx",server_zone="shop"} 97
nginxplus_server_zone_responses{code="3xx",server_zone="shop"} 0
nginxplus_server_zone_responses{code="4xx",server_zone="shop"} 20
nginxplus_server_zone_responses{code="5xx",server_zone="shop"} 3
"""

SHOP = """\
# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{handler="/ok",method="GET",status="2xx"} 97
http_requests_total{handler="/metrics",method="GET",status="2xx"} 5000
http_requests_total{handler="/ok",method="GET",status="5xx"} 3
http_requests_total{handler="none",method="GET",status="4xx"} 11
# HELP http_request_duration_seconds Latency.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{handler="/ok",method="GET",le="0.1"} 50
http_request_duration_seconds_bucket{handler="/ok",method="GET",le="0.5"} 90
http_request_duration_seconds_bucket{handler="/ok",method="GET",le="1.0"} 100
http_request_duration_seconds_bucket{handler="/ok",method="GET",le="+Inf"} 100
http_request_duration_seconds_sum{handler="/ok",method="GET"} 20
http_request_duration_seconds_count{handler="/ok",method="GET"} 100
"""
"""In the form of prometheus-fastapi-instrumentator, which tests/contract runs."""
