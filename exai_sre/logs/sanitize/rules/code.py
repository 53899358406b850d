"""Tokens of code hosting, continuous integration, package registries and code analysis."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.rule import Rule, Span
from exai_sre.logs.sanitize.rules.forms import UUID, hexa, lower, mixed, token, upper, uuid, vendor

__all__ = ["CODE_RULES"]

_WORD: Final = re.compile(r"[a-z]*[aeiou][a-z]*", re.IGNORECASE)


def _not_a_word(_text: str, match: re.Match[str]) -> Span | None:
    """The whole match, unless it could be the beginning of a name: letters alone, vowels among them."""
    return None if _WORD.fullmatch(match["rest"]) else match.span()


CODE_RULES: Final = (
    token(
        "github-token",
        "GitHub token: personal, OAuth, user, server, refresh",
        "ghp_ gho_ ghu_ ghs_ ghr_",
        r"[A-Za-z0-9]{36,255}+",
        "ghp_" + mixed(36),
    ),
    token(
        "github-pat",
        "GitHub fine-grained personal access token",
        "github_pat_",
        r"[A-Za-z0-9_]{22,255}+",
        "github_pat_" + mixed(82),
    ),
    token("gitlab-token", "GitLab personal access token", "glpat-", r"[A-Za-z0-9_=.-]{20,}+", "glpat-" + mixed(20)),
    token("gitlab-deploy-token", "GitLab deploy token", "gldt-", r"[A-Za-z0-9_=-]{20,}+", "gldt-" + mixed(20)),
    token("gitlab-runner-token", "GitLab runner token", "glrt- glrtr-", r"[A-Za-z0-9_=.-]{20,}+", "glrt-" + mixed(20)),
    token(
        "gitlab-old-runner-token",
        "GitLab runner registration token",
        "GR1348941",
        r"[A-Za-z0-9_-]{20,}+",
        "GR1348941" + mixed(20),
    ),
    token("gitlab-job-token", "GitLab CI job token", "glcbt-", r"[A-Za-z0-9_=-]{20,}+", "glcbt-1a_" + mixed(20)),
    token(
        "gitlab-trigger-token", "GitLab pipeline trigger token", "glptt-", r"[A-Za-z0-9_=-]{20,}+", "glptt-" + hexa(40)
    ),
    token("gitlab-feed-token", "GitLab feed token", "glft-", r"[A-Za-z0-9_=-]{20,}+", "glft-" + mixed(20)),
    token("gitlab-mail-token", "GitLab incoming mail token", "glimt-", r"[A-Za-z0-9_=-]{20,}+", "glimt-" + mixed(25)),
    token("gitlab-agent-token", "GitLab agent token", "glagent-", r"[A-Za-z0-9_=-]{20,}+", "glagent-" + mixed(50)),
    token(
        "gitlab-oauth-secret", "GitLab OAuth application secret", "gloas-", r"[A-Za-z0-9_=-]{20,}+", "gloas-" + hexa(64)
    ),
    token("gitlab-scim-token", "GitLab SCIM token", "glsoat-", r"[A-Za-z0-9_=-]{20,}+", "glsoat-" + mixed(20)),
    token(
        "gitlab-flag-token",
        "GitLab feature flag client token",
        "glffct-",
        r"[A-Za-z0-9_=-]{20,}+",
        "glffct-" + mixed(20),
    ),
    token(
        "bitbucket-token",
        "Bitbucket app password or access token",
        "ATBB ATCTT3xFfG",
        r"[A-Za-z0-9_=-]{24,}+",
        "ATBB" + mixed(32),
        shape=r"[A-Za-z0-9_=-]{24}",
    ),
    token("atlassian-token", "Atlassian token", "ATATT3xFfG", r"[A-Za-z0-9_=-]{100,}+", "ATATT3xFfGF0" + mixed(174)),
    token(
        "circleci-token",
        "CircleCI token",
        "CCIPAT_ CCIPRJ_",
        r"[A-Za-z0-9]{16,}+_[0-9a-f]{40}",
        f"CCIPAT_{mixed(22)}_{hexa(40)}",
    ),
    token("buildkite-token", "Buildkite token", "bkua_ bkaa_ bkct_", r"[0-9a-z]{36,64}+", "bkua_" + hexa(40)),
    token("sonar-token", "SonarQube token", "squ_ sqp_ sqa_", r"[0-9a-f]{40}", "squ_" + hexa(40)),
    token(
        "snyk-token",
        "Snyk service token",
        "snyk_uat. snyk_sat.",
        r"[0-9a-f]{8}\.[A-Za-z0-9_.-]{40,}+",
        f"snyk_uat.{hexa(8)}.{mixed(60)}",
    ),
    token(
        "sourcegraph-token",
        "Sourcegraph token",
        "sgp_",
        r"(?:(?:[0-9a-f]{16}|local)_)?[0-9a-f]{40}",
        f"sgp_{hexa(16)}_{hexa(40)}",
    ),
    token("sourcegraph-cody-token", "Sourcegraph Cody Gateway token", "slk_", r"[0-9a-f]{64}", "slk_" + hexa(64)),
    token("npm-token", "npm token", "npm_", r"[A-Za-z0-9]{36}", "npm_" + mixed(36), uniform=True),
    token("pypi-token", "PyPI token", "pypi-AgE", r"[A-Za-z0-9_-]{50,}+", "pypi-AgEIcHlwaS5vcmc" + mixed(80)),
    token("rubygems-key", "RubyGems key", "rubygems_", r"[0-9a-f]{48}", "rubygems_" + hexa(48)),
    token("nuget-key", "NuGet key", "oy2", r"[a-z0-9]{43}", "oy2" + lower(43), shape=r"[a-z0-9]{43}"),
    token("crates-token", "crates.io token", "cio", r"[A-Za-z0-9]{32}", "cio" + mixed(32), shape=r"[A-Za-z0-9]{32}"),
    token("clojars-token", "Clojars deploy token", "CLOJARS_", r"[A-Za-z0-9]{60}", "CLOJARS_" + lower(60)),
    token("docker-token", "Docker Hub token", "dckr_pat_ dckr_oat_", r"[A-Za-z0-9_-]{27,}+", "dckr_pat_" + mixed(27)),
    token(
        "artifactory-key",
        "Artifactory key",
        "AKC",
        r"[A-Za-z0-9]{10,}+",
        "AKCp8" + mixed(68),
        uniform=True,
        shape=r"[A-Za-z0-9]{10}",
    ),
    Rule(
        name="artifactory-password",
        keywords=tuple(f"ap{digit}" for digit in "0123456789abcdef"),
        shape=r"AP[0-9A-F][A-Za-z0-9]{8}",
        pattern=r"AP(?<=(?<![A-Za-z0-9_/+-])AP)[0-9A-F](?P<rest>[A-Za-z0-9]{8,100}+)(?![A-Za-z0-9_/+.-])",
        true=(f"artifactory user «AP5{mixed(30)}» refused", f'"«APB{lower(12)}»"'),
        false=("APConnection closed", "the APBackends answer", "AP5short", "APPLICATIONS"),
        locate=_not_a_word,
        about="Artifactory encrypted password",
    ),
    token("artifactory-token", "Artifactory reference token", "cmVmd", r"[A-Za-z0-9]{59}", "cmVmd" + mixed(59)),
    token(
        "harness-token",
        "Harness token",
        "pat. sat.",
        r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}",
        f"pat.{mixed(22)}.{mixed(24)}.{mixed(20)}",
        shape=r"[A-Za-z0-9_-]{22}\.",
    ),
    token(
        "octopus-key",
        "Octopus Deploy key",
        "API-",
        r"(?=[A-Z]{0,26}+[0-9])[A-Z0-9]{26}",
        "API-" + upper(26),
        after="-",
        shape=r"[A-Z0-9]{26}",
    ),
    token("figma-token", "Figma token", "figd_ figu_", r"[A-Za-z0-9_-]{38,48}+", "figd_" + mixed(40)),
    token("postman-key", "Postman key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}", f"PMAK-{hexa(24)}-{hexa(34)}"),
    token("readme-key", "ReadMe key", "rdme_", r"[a-z0-9]{70}", "rdme_" + lower(70)),
    token(
        "infracost-key",
        "Infracost key",
        "ico-",
        r"(?=[a-z0-9]{0,31}+[A-Z])[A-Za-z0-9]{32}",
        "ico-" + mixed(32),
        shape=r"[A-Za-z0-9]{32}",
    ),
    token(
        "stackhawk-key",
        "StackHawk key",
        "hawk.",
        r"[A-Za-z0-9_-]{20}\.[A-Za-z0-9_-]{20}",
        f"hawk.{mixed(20)}.{mixed(20)}",
    ),
    token("prefect-token", "Prefect token", "pnu_", r"[a-z0-9]{36}", "pnu_" + lower(36)),
    token("expo-token", "Expo token", "expo_", r"[A-Za-z0-9_-]{40}", "expo_" + mixed(40), shape=r"[A-Za-z0-9_-]{40}"),
    token("codeclimate-token", "Code Climate token", "ccpat_", r"[0-9a-f]{40}", "ccpat_" + hexa(40)),
    vendor(
        "bitbucket-key", "Bitbucket client id or secret", "bitbucket", r"[A-Za-z0-9]{32}|[A-Za-z0-9_=-]{64}", mixed(32)
    ),
    vendor("jira-token", "Jira or Confluence token", "jira confluence atlassian", r"[A-Za-z0-9]{20,24}", mixed(24)),
    vendor(
        "jfrog-key",
        "JFrog key or identity token",
        "jfrog artifactory bintray xray",
        r"[A-Za-z0-9]{64}|[A-Za-z0-9]{73}",
        lower(64),
    ),
    vendor("travis-token", "Travis CI token", "travis", r"[A-Za-z0-9]{22}", mixed(22)),
    vendor("drone-token", "Drone CI token", "droneci drone_", r"[A-Za-z0-9]{32}", mixed(32)),
    vendor("codecov-token", "Codecov token", "codecov", rf"[a-z0-9]{{32}}|{UUID}", lower(32)),
    vendor("coveralls-token", "Coveralls token", "coveralls", r"[A-Za-z0-9]{33}", mixed(33)),
    vendor("sonar-login", "SonarQube login token", "sonar", r"[A-Za-z0-9]{40}", mixed(40)),
    vendor("snyk-key", "Snyk token", "snyk", UUID, uuid()),
    vendor("sourcegraph-key", "Sourcegraph token without prefix", "sourcegraph", r"[0-9a-f]{40}", hexa(40)),
    vendor("gitea-token", "Gitea or Forgejo token", "gitea forgejo codeberg", r"[0-9a-f]{40}", hexa(40)),
    vendor(
        "launchdarkly-key",
        "LaunchDarkly key",
        "launchdarkly",
        rf"[A-Za-z0-9=_-]{{40}}|(?:sdk|api|mob)-{UUID}",
        mixed(40),
    ),
    vendor(
        "sidekiq-secret",
        "Sidekiq licence",
        "bundle_enterprise__contribsys__com bundle_gems__contribsys__com",
        r"[0-9a-f]{8}:[0-9a-f]{8}",
        f"{hexa(8)}:{hexa(6)}7f",
    ),
    vendor(
        "maven-password",
        "Maven or Gradle repository password",
        "maven ossrh sonatype",
        r"[A-Za-z0-9/+=]{32,64}",
        mixed(44),
    ),
)
