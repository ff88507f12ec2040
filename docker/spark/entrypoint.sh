#!/bin/bash
# What a container of the Spark image runs:
#   agent ARGUMENTS      a cluster's driver: agent.py, which says what it takes
#   executor             a worker, as Spark's scheduler starts it: all it needs is in the environment
#   connect ARGUMENTS    a plain Spark Connect server, with arguments of spark-submit
# Anything else is run as it is.
set -euo pipefail

# Java finds no home without a line in passwd, and Hadoop no user. A pod may run under any uid, on a read-only root.
if ! getent passwd "$(id -u)" > /dev/null; then
  user=$(mktemp -d)
  { cat /etc/passwd; echo "spark:x:$(id -u):$(id -g)::/tmp:/usr/sbin/nologin"; } > "$user/passwd"
  { cat /etc/group; echo "spark:x:$(id -g):"; } > "$user/group"
  export LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD="$user/passwd" NSS_WRAPPER_GROUP="$user/group"
fi

case "${1:-}" in
  agent)
    shift
    exec python3 /opt/kadali/agent.py "$@"
    ;;
  executor)
    options=()
    while IFS= read -r name; do
      options+=("${!name}")
    done < <(compgen -e SPARK_JAVA_OPT_ | sort -t_ -k4 -n)
    # in the order of machine.py: the archive of classes was made for it
    if [[ -r "${KADALI_CLASS_ARCHIVE:-}" ]]; then
      options+=("-XX:SharedArchiveFile=$KADALI_CLASS_ARCHIVE" -Xshare:auto -XX:+UnlockDiagnosticVMOptions
        -XX:ArchiveRelocationMode=0 -Xlog:cds=off,cds+dynamic=off)
    fi
    jars=
    own=kadali-spark.jar
    for jar in "$SPARK_HOME"/jars/*.jar; do
      [[ "$jar" == */$own ]] || jars+="$jar:"
    done
    exec java "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
      -cp "$jars$SPARK_HOME/jars/$own:${SPARK_CONF_DIR:-/opt/spark/conf}:${SPARK_EXTRA_CLASSPATH:-}" \
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
      --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" \
      --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" --podName "$SPARK_EXECUTOR_POD_NAME"
    ;;
  connect)
    shift
    exec "$SPARK_HOME/bin/spark-submit" --class org.apache.spark.sql.connect.service.SparkConnectServer \
      "$@" "$(compgen -G "$SPARK_HOME/jars/spark-connect_*.jar")"
    ;;
  *)
    exec "$@"
    ;;
esac
