"""Rules on made-up series, computed by the real promtool: each query is a statement that must hold."""

from __future__ import annotations

import re
import subprocess

import yaml

__all__ = ["assert_holds", "renamed", "steps"]


def assert_holds(folder, groups, series, statements, *, evaluation="1m", interval="1m"):
    """Every statement is a query that gives exactly one element, 1, at its moment.

    Args:
        folder: an empty folder.
        groups: rule groups in the order of their dependence.
        series: values by series, in promtool's notation.
        statements: moments, such as ``2h``, with queries.
        evaluation: between two evaluations of the rules.
        interval: between two samples.
    """
    groups = _asked(groups, [query for _, query in statements])
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}, sort_keys=False))
    case = {
        "interval": interval,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": f"count({query}) == 1", "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}]}
            for at, query in statements
        ],
    }
    content = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": evaluation,
        "group_eval_order": [group["name"] for group in groups],
        "tests": [case],
    }
    (folder / "case.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    done = subprocess.run(["promtool", "test", "rules", "case.yaml"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _asked(groups, queries):
    """The groups without rules from which no query is computed: each rule costs promtool time at each evaluation.

    A query that names groups as values of labels asks those only.
    """
    names = {group["name"] for group in groups}
    read = {group["name"]: set() for group in groups}
    for query in queries:
        words = _words(query)
        for name in words & names or names:
            read[name] |= words
    kept = []
    for group in groups:
        wanted = read[group["name"]]
        size = -1
        while size < len(wanted):
            size = len(wanted)
            rules = [rule for rule in group["rules"] if rule.get("record") in wanted]
            wanted = wanted.union(*(_words(rule["expr"]) for rule in rules))
        kept += [{**group, "rules": rules}] if rules else []
    return kept


def _words(query):
    return set(re.findall(r"[\w:.-]+", query))


def renamed(groups, prefix):
    """Rule groups whose recorded series begin with ``prefix``, so that two sets can run side by side."""
    names = {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}
    made = []
    for group in groups:
        rules = []
        for rule in group["rules"]:
            if "record" not in rule:
                continue
            expr = rule["expr"]
            for name in sorted(names, key=len, reverse=True):
                expr = expr.replace(f"{name}{{", f"{prefix}{name}{{")
            rules.append({**rule, "record": f"{prefix}{rule['record']}", "expr": expr})
        made.append({"name": f"{prefix}{group['name']}", "rules": rules})
    return made


def steps(*stretches):
    """A counter that grows by a step for a number of samples each: ``(2, 3)`` is 0 2 4."""
    parts, value = [], 0.0
    for step, count in stretches:
        parts.append(f"{value:.10g}+{step:.10g}x{count - 1}")
        value += step * count
    return " ".join(parts)
