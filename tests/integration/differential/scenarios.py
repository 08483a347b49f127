"""The commands that are compared: issue by issue, what the lessons and their users type.

Each scenario starts from an engine without the things it makes, and removes them at its end.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One command, as typed. `{start}` and `{now}` stand for moments, `{files}` for a folder."""

    command: str
    stdin: str | bytes | None = None
    json: bool = False
    unordered: bool = False
    new_image: bool = False
    """It makes an image whose ID holds a time: the ID it prints is named, not compared."""


@dataclass(frozen=True)
class Scenario:
    """Commands that belong together, in order."""

    name: str
    steps: tuple[Step, ...]


def scenario(name: str, *steps: str | Step) -> Scenario:
    """A scenario of steps; plain commands may be given as text."""
    made = tuple(step if isinstance(step, Step) else Step(step) for step in steps)
    return Scenario(name, made)


RUN = (
    scenario(
        "run and remove",
        "docker run --rm hello-world",
        "docker run --rm busybox echo hello",
        "docker run --rm busybox sh -c 'echo out; echo err >&2; exit 3'",
        "docker ps -a --filter name=d-",
    ),
    scenario(
        "run with standard input",
        Step("docker run -i --rm busybox cat", stdin="one\ntwo\n"),
        Step("docker run -i --rm busybox wc -c", stdin="x" * 1_000_000),
        Step("docker run --rm busybox cat", stdin="not for you\n"),
        Step("docker run -i --rm busybox sh -c 'read line; echo got $line'", stdin="a line\n"),
    ),
    scenario(
        "run on a terminal",
        "docker run -t --rm busybox sh -c 'tty; echo out; echo err >&2'",
        "docker run -t --rm -e TERM busybox sh -c 'echo $TERM'",
        "docker run -it --rm busybox true",
    ),
    scenario(
        "run in the background",
        "docker run -d --name d-one busybox sh -c 'echo hello; exit 7'",
        "docker wait d-one",
        "docker logs d-one",
        "docker ps -a --filter name=d-one",
        "docker ps --filter name=d-one",
        "docker ps -aq --no-trunc --filter name=d-one",
        Step("docker ps -a --filter name=d-one --format json", json=True),
        "docker start -a d-one",
        "docker logs d-one",
        "docker rm d-one",
    ),
    scenario(
        "run with an environment, a directory, a user, an entry point",
        "docker run --rm -e A=b -e EMPTY= busybox sh -c 'echo $A-$EMPTY-'",
        "docker run --rm -h named busybox sh -c 'hostname; echo $HOSTNAME; cat /etc/hostname'",
        "docker run --rm busybox env",
        "docker run --rm -w /tmp/made busybox pwd",
        "docker run --rm -u 1000 busybox id",
        "docker run --rm -u 1000:1001 busybox id",
        "docker run --rm -u nobody busybox id",
        "docker run --rm -u nosuch busybox id",
        "docker run --rm --entrypoint /bin/echo busybox a b",
        "docker run --rm --entrypoint '' busybox echo none",
        "docker run --rm tool",
        "docker run --rm page cat index.html",
        "docker run --rm page pwd",
    ),
    scenario(
        "run with bind mounts",
        "docker run --rm -v {files}:/data busybox cat /data/greeting",
        "docker run --rm -v {files}:/data:ro busybox sh -c 'echo x >/data/new; echo $?'",
        "docker run --rm -v {files}/greeting:/etc/greeting busybox cat /etc/greeting",
        "docker run --rm -v {files}:/data busybox sh -c 'echo made >/data/made; cat /data/made'",
        "docker run --rm --mount type=bind,source={files},target=/data busybox ls /data",
        "docker run --rm --mount type=bind,source={files}/nosuch,target=/data busybox ls /data",
        "docker run --rm -v relative:relative busybox true",
    ),
    scenario(
        "run with a network",
        "docker run --rm --network none busybox sh -c 'ls /sys/class/net'",
        "docker run --rm --network host busybox sh -c 'cat /proc/net/dev | wc -l'",
        "docker run --rm --network host busybox sh -c 'cat /etc/resolv.conf'",
        "docker run --rm --network none busybox sh -c 'cat /etc/hosts'",
    ),
    scenario(
        "run with the network of another container",
        "docker run -d --name d-net --network none busybox sleep 100",
        "docker run --rm --network container:d-net busybox sh -c "
        "'test $HOSTNAME = $(cat /etc/hostname) && cat /etc/hosts | wc -l'",
        "docker create --name d-joined --network container:d-net busybox true",
        "docker inspect d-joined --format '{{{{json .NetworkSettings.Networks}}}}'",
        "docker stop -t 0 d-net",
        "docker start d-joined",
        "docker rm d-joined d-net",
        "docker run --rm --network container: busybox true",
        "docker run --rm --network container:nosuch busybox true",
        "docker run --rm --network container:nosuch -h other busybox true",
        "docker run --rm --network container:nosuch --dns 127.0.0.1 busybox true",
        "docker run --rm --network container:nosuch --add-host a:127.0.0.1 busybox true",
        "docker run --rm --network container:nosuch -p 8080:80 busybox true",
    ),
    scenario(
        "what a container sees",
        "docker run --rm busybox sh -c 'ls /; ls /dev'",
        "docker run --rm busybox sh -c 'cat /proc/self/status | grep Cap'",
        "docker run --rm busybox sh -c 'cat /proc/self/status | grep -e NoNew -e Seccomp:'",
        "docker run --rm busybox sh -c 'mount | cut -d\" \" -f 1,3,5 | sort'",
        "docker run --rm busybox sh -c 'umask; ulimit -c'",
        "docker run --rm busybox ps",
        "docker run --rm busybox sh -c 'echo x > /proc/sys/kernel/hostname; echo $?'",
        "docker run --rm --init busybox true",
    ),
)

LIFE = (
    scenario(
        "start and stop",
        "docker create --name d-life busybox sleep 100",
        "docker ps -a --filter name=d-life",
        "docker start d-life",
        "docker start d-life",
        "docker ps --filter name=d-life",
        "docker rm d-life",
        "docker stop -t 0 d-life",
        "docker stop d-life",
        "docker ps -a --filter name=d-life",
        "docker start d-life",
        "docker kill d-life",
        "docker kill d-life",
        "docker wait d-life",
        "docker start d-life",
        "docker kill -s TERM d-life",
        "docker kill -s NOSUCH d-life",
        "docker rename d-life d-other",
        "docker rm -f d-other",
        "docker rm d-other",
    ),
    scenario(
        "signals and exit codes",
        "docker run --rm busybox sh -c 'kill -9 $$'",
        "docker run --rm busybox sh -c 'exit 255'",
        "docker run -d --name d-trap busybox "
        "sh -c 'trap \"exit 9\" TERM; while :; do sleep 0.1; done'",
        "docker stop d-trap",
        "docker wait d-trap",
        "docker rm d-trap",
    ),
    scenario(
        "inspect a container",
        "docker create --name d-made -e A=b -w /tmp -l key=value busybox echo hi",
        Step("docker inspect d-made", json=True),
        Step("docker container inspect -s d-made", json=True),
        "docker start -a d-made",
        Step("docker inspect d-made", json=True),
        "docker inspect -f '{{{{.State.Status}}}} {{{{.State.ExitCode}}}} {{{{.Name}}}}' d-made",
        "docker run -d --name d-up --network none -v {files}:/data:ro busybox sleep 100",
        Step("docker inspect d-up", json=True),
        "docker rm -f d-made d-up",
        "docker inspect d-made",
    ),
    scenario(
        "logs",
        "docker run -d --name d-logs busybox "
        "sh -c 'for i in 1 2 3; do echo out $i; done; sleep 0.1; echo err >&2'",
        "docker wait d-logs",
        "docker logs d-logs",
        "docker logs -n 2 d-logs",
        "docker logs -n 0 d-logs",
        "docker logs -t d-logs",
        "docker logs --since 1h d-logs",
        "docker logs --until 1h d-logs",
        "docker logs -f d-logs",
        "docker logs nosuch",
        "docker rm d-logs",
        "docker run -d --name d-slow busybox sh -c 'echo first; sleep 1; echo second'",
        "docker logs -f d-slow",
        "docker rm d-slow",
    ),
    scenario(
        "attach",
        "docker run -d --name d-attach busybox sh -c 'sleep 1; echo late; exit 4'",
        "docker attach d-attach",
        "docker attach d-attach",
        "docker rm d-attach",
        "docker create -i --name d-cat busybox cat",
        Step("docker start -ai d-cat", stdin="through\n"),
        "docker rm d-cat",
    ),
    scenario(
        "ps and its filters",
        "docker create --name d-a -l kind=x busybox true",
        "docker create --name d-b -l kind=y busybox true",
        "docker ps -a --filter label=kind --format '{{{{.Names}}}} {{{{.Image}}}}'",
        "docker ps -a --filter label=kind=y --format '{{{{.Names}}}} {{{{.Status}}}}'",
        "docker ps -a --filter status=created --filter name=d- --format '{{{{.Names}}}}'",
        "docker ps -a --filter ancestor=busybox --filter name=d- --format '{{{{.Names}}}}'",
        "docker ps -a --filter before=d-b --filter name=d- --format '{{{{.Names}}}}'",
        "docker ps -n 1 --format '{{{{.Names}}}}'",
        "docker ps -a --filter nosuch=x",
        "docker ps -a --filter status=nosuch",
        "docker ps -as --filter name=d-a --format '{{{{.Names}}}} {{{{.Size}}}}'",
        "docker rm d-a d-b",
    ),
    scenario(
        "events",
        "docker run --name d-event -l key=value busybox true",
        "docker rm d-event",
        "docker tag busybox d-tagged:1",
        "docker rmi d-tagged:1",
        Step(
            "docker events --since {start} --until {now} --filter container=d-event --format json",
            json=True,
        ),
        Step(
            "docker events --since {start} --until {now} --filter type=image "
            "--filter event=tag --filter event=untag --format json",
            json=True,
        ),
        "docker events --since {start} --until {now} --filter event=die --filter label=key=value",
    ),
)

IMAGES = (
    scenario(
        "list images",
        "docker images busybox",
        "docker images -a --digests busybox",
        "docker images -q --no-trunc busybox",
        "docker images --filter reference='busy*:1.*'",
        "docker images --filter dangling=true",
        "docker images --filter since=busybox:latest --filter label=nosuch",
        "docker images --filter nosuch=x",
        "docker images nosuch",
        Step("docker images --format json busybox", json=True),
    ),
    scenario(
        "inspect images",
        Step("docker inspect busybox", json=True),
        Step("docker image inspect page tool", json=True),
        "docker image inspect nosuch",
        "docker inspect -f '{{{{json .Config.Cmd}}}} {{{{.Os}}}}/{{{{.Architecture}}}}' busybox",
        "docker history busybox",
        "docker history --no-trunc page",
        "docker history -q nosuch",
        Step("docker history --format json page", json=True),
    ),
    scenario(
        "tag and remove",
        "docker tag busybox d-copy:1",
        "docker tag busybox d-copy:2",
        "docker images d-copy",
        "docker rmi d-copy:1",
        "docker rmi d-copy:2",
        "docker rmi d-copy:2",
        "docker tag nosuch d-copy",
        "docker tag busybox UPPER",
        "docker tag busybox 'd-copy:not a tag'",
    ),
    scenario(
        "an image in use",
        "docker create --name d-user tool",
        "docker rmi tool",
        "docker start d-user",
        "docker wait d-user",
        "docker rmi tool",
        "docker rmi -f tool",
        "docker ps -a --filter name=d-user --format '{{{{.Image}}}}'",
        "docker rm d-user",
        Step("docker pull -q tool"),
    ),
    scenario(
        "pull",
        "docker rmi page tool",
        Step("docker pull page", unordered=True),
        Step("docker pull page", unordered=True),
        Step("docker pull tool", unordered=True),
        "docker pull -q busybox:1.36",
        "docker pull nosuchimage",
        "docker pull busybox:nosuchtag",
        "docker pull UPPER",
        "docker run --rm --pull never nosuchimage",
    ),
    scenario(
        "save and load",
        # Two that share no layer: Docker 28 never lets go of one that two saved images share.
        "docker save -o {files}/saved.tar page hello-world",
        "docker rmi page hello-world",
        # Docker saves several images in no fixed order.
        Step("docker load -i {files}/saved.tar", unordered=True),
        "docker images page",
        Step("docker load -q -i {files}/saved.tar", unordered=True),
        "docker run --rm page cat index.html",
        "docker save nosuch",
        "docker load -i {files}/greeting",
        Step("docker load", stdin=b"this is no tar" * 100),
        Step("docker load", stdin=b""),
        "docker rmi page",
        "docker pull -q page",
    ),
    scenario(
        "import",
        Step(
            "docker import -c 'CMD [\"/hello\"]' -m why {files}/root.tar d-imported:1",
            new_image=True,
        ),
        "docker images d-imported",
        "docker history d-imported:1",
        Step("docker inspect d-imported:1", json=True),
        "docker run --rm d-imported:1",
        "docker rmi d-imported:1",
        "docker import {files}/nosuch d-imported:2",
        Step("docker import - d-imported:3", stdin=b"this is no tar" * 100),
    ),
)

REFUSALS = (
    scenario(
        "things that are not there",
        "docker start nosuch",
        "docker stop nosuch",
        "docker kill nosuch",
        "docker rm nosuch",
        "docker rm -f nosuch",
        "docker wait nosuch",
        "docker attach nosuch",
        "docker rename nosuch other",
        "docker rmi nosuch",
        "docker rmi -f nosuch",
        "docker inspect nosuch",
        "docker history nosuch",
        "docker network inspect nosuch",
        "docker volume inspect nosuch",
        "docker run --rm nosuchimage-zz",
    ),
    scenario(
        "names",
        "docker create --name d-taken busybox true",
        "docker create --name d-taken busybox true",
        "docker create --name 'a b' busybox true",
        "docker create --name x busybox true",
        "docker rename d-taken 'a b'",
        "docker rename d-taken d-taken",
        "docker rm d-taken",
    ),
    scenario(
        "commands that cannot be started",
        "docker run --name d-cmd busybox nosuchcommand",
        "docker ps -a --filter name=d-cmd",
        "docker rm d-cmd",
        "docker run --rm busybox /etc/passwd",
        "docker run --rm busybox /etc",
        "docker run --rm -w /etc/passwd busybox true",
        "docker run --rm --entrypoint /nosuch busybox",
        "docker run -d --name d-cmd busybox nosuchcommand",
        "docker rm d-cmd",
    ),
    scenario(
        "networks and the rest",
        "docker network ls --format '{{{{.Name}}}} {{{{.Driver}}}} {{{{.Scope}}}}'",
        Step("docker network inspect none", json=True),
        Step("docker network inspect host", json=True),
        "docker network rm none",
        "docker volume ls",
        "docker node ls",
        "docker service ls",
        "docker plugin ls",
        "docker swarm ca",
        "docker container prune -f --filter label=nosuch",
        "docker image prune -f --filter label=nosuch",
    ),
)

_MOUNTS = "{{{{range .Mounts}}}}{{{{println .Type .Destination .Mode .RW .Driver}}}}{{{{end}}}}"
PLATFORMS = (
    scenario(
        "images by platform",
        "docker pull -q hello-world",
        "docker image inspect --platform linux/arm64 hello-world",
        "docker image inspect --platform linux/amd64 hello-world --format {{{{.RepoTags}}}}",
        "docker image inspect --platform linux/amd64 nosuch",
        "docker history --platform linux/arm64 hello-world",
        "docker history --platform linux/amd64 --format {{{{.Size}}}} hello-world",
        "docker save --platform linux/arm64 hello-world",
        "docker save --platform linux/amd64 nosuch",
    ),
)
VOLUMES = (
    scenario(
        "volumes by name",
        "docker volume create d-vol",
        "docker volume create d-vol",
        "docker volume create --label d=1 d-labelled",
        "docker volume inspect d-labelled --format '{{{{.Driver}}}} {{{{.Labels}}}}'",
        "docker run --rm -v d-vol:/data busybox sh -c 'echo kept > /data/file; ls -ld /data'",
        "docker run --rm -v d-vol:/data:ro busybox cat /data/file",
        "docker run --rm -v d-filled:/home busybox sh -c 'ls -ln /home; touch /home/more'",
        "docker run --rm -v d-filled:/other busybox ls /other",
        "docker run --rm -v d-empty:/home:nocopy busybox ls /home",
        "docker run --rm --mount type=volume,src=d-vol,dst=/m busybox cat /m/file",
        "docker volume ls --filter name=d-",
        "docker volume ls --filter label=d=1",
        "docker volume ls -q --filter dangling=true --filter name=d-",
        "docker volume rm d-labelled d-filled d-empty d-vol",
        "docker volume ls --filter name=d-",
    ),
    scenario(
        "volumes of containers",
        "docker run --name d-has -v d-vol:/a -v /b busybox sh -c 'echo a > /a/a; echo b > /b/b'",
        Step(f"docker inspect d-has --format '{_MOUNTS}'", unordered=True),
        Step("docker inspect d-has --format '{{{{json .HostConfig.Binds}}}}'", json=True),
        "docker run --rm --volumes-from d-has busybox sh -c 'cat /a/a /b/b; echo c > /a/c'",
        "docker volume rm d-vol",
        "docker ps -a --filter volume=d-vol --format '{{{{.Names}}}}'",
        "docker cp -q d-has:/a/c {files}/taken",
        "docker run --rm -v {files}:/f busybox cat /f/taken",
        "docker volume prune -f --filter label=nosuch",
        "docker rm -v d-has",
        "docker volume ls --filter name=d-",
        "docker volume rm d-vol",
    ),
    scenario(
        "volumes that are refused",
        "docker volume create a",
        "docker volume create a/b",
        "docker volume create --opt foo=bar d-vol",
        "docker volume rm nosuch",
        "docker volume rm -f nosuch",
        "docker volume ls --filter nosuch=1",
        "docker create -v d-vol:/a:xx busybox",
        "docker create -v d-vol:relative busybox",
        "docker create --volumes-from nosuch busybox",
        "docker create --volumes-from nosuch:xx busybox",
        "docker create --mount type=volume,src=a/b,dst=/a busybox",
        "docker volume rm -f d-vol",
    ),
)

SCENARIOS = (*PLATFORMS, *VOLUMES, *RUN, *LIFE, *IMAGES, *REFUSALS)
